// numbers.h: the calls that libos/posix has no need of, as Linux numbers them on every newer machine.
#pragma once
#include <number.h>

enum : long {
  N_eventfd2 = 19,
  N_epoll_create1 = 20,
  N_epoll_ctl = 21,
  N_epoll_pwait = 22,
  N_mknodat = 33,
  N_mount = 40,
  N_futex = 98,
  N_sched_setscheduler = 119,
  N_reboot = 142,
  N_sysinfo = 179,
  N_clone = 220,
  N_execve = 221,
  N_mincore = 232,
  N_wait4 = 260,
  N_userfaultfd = 282,
};
