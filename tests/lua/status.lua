-- The exit status is the program's own; what was written before it arrives.
io.write("no newline, then seven")
os.exit(7, true)
