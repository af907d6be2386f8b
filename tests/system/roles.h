// roles.h: what the children of the kill and hostile tests do.
#pragma once
int caller(int argc, char **argv), faulter(int argc, char **argv), in_door(int argc, char **argv),
    both(int argc, char **argv), victim(int argc, char **argv);
int hostile(int argc, char **argv), scribble(int argc, char **argv), flip(int argc, char **argv);
enum { HOSTILE_CALLS = 0, HOSTILE_WINS = 1, HOSTILE_COUNTS = 8, HOSTILE_RESULTS = 14 }; // words of its shared page
