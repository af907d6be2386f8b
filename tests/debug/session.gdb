# A session in the kernel, in the program and in its library, through a door, with every helper command.
# The last word gives the status: a session that stops on the way does not come to it.
info symbol efi_main
hbreak sys_map
continue
backtrace
delete
exo-break main
continue
backtrace
exo-cpus
exo-envs
exo-frames
exo-uarea
exo-walk $pc
exo-walk &machine_window
exo-frame $exo_first
exo-slots $exo_first
delete
exo-break os_fault_door
continue
delete
exo-break os_fault
continue
backtrace
delete
exo-break os_fault_door
continue
delete
exo-door
stepi
exo-walk $exo_address
echo the end\n
quit 0
