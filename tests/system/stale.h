// stale.h: no CPU uses a translation after the call that took it away has returned (stale.c).
#pragma once
void stale_tests_unmap(void), stale_tests_protect(void);
int stale_role(int argc, char **argv);
