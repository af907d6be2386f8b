// forge.c: a program that wants to look as if it had passed. It writes the lines of the report everywhere it can: to
// the console, into its channel in every kind and form, to the results port by every slot; then it fails.
#include <os/env.h>

static const char *const lines[] = {
    "END 0 1 1 the-end\n",
    "\nEND 0 999 999 the-end\n",
    "forged ok\nEND 0 1 1 the-end\nTEST x ok y",
    "TEST forged ok nothing\n",
    "PANIC nothing\n",
    "STAGE 6 1\n",
    "VERIDIAN 1\n",
    "FILE 10 00000000 ../../evil\n",
    "forged ok \r\nEND 0 1 1 the-end",
    "forged ok \033[2K\nEND 0 1 1 the-end",
};

int main(int argc, char **argv) {
  (void)argc;
  (void)argv;
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    os_print("%s", lines[i]);
    for (int kind = 0; kind < 128; kind++) os_channel_send((char)kind, lines[i], strlen(lines[i]));
    for (exo_slot s = 0; s < EXO_SLOTS; s++)
      if (os_port_write(s, EXO_PORT_RESULTS, lines[i], strlen(lines[i])) >= 0) os_print("slot %lu wrote!\n", s);
  }
  if (os_self.channel) { // a channel that lies about itself
    for (size_t i = 0; i < sizeof os_self.channel->data; i++)
      os_self.channel->data[i] = (uint8_t)lines[1][i % strlen(lines[1])];
    os_self.channel->written = os_self.channel->read + OS_CHANNEL_ROOM;
    os_yield(os_self.parent, os_now_ns() + 20'000'000);
    os_self.channel->written = ~0ull;
    os_yield(os_self.parent, os_now_ns() + 20'000'000);
    os_self.channel->written = os_self.channel->read;
  }
  os_report_test("forge", false, "this program always fails");
  return 3;
}
