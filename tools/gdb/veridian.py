# veridian.py: what gdb needs to know of Veridian. The front door's `debug` starts it with four convenience variables:
# $exo_arch, $exo_top (the tree), $exo_build (what was built), $exo_program (whose symbols to load).
#
# Layouts come from the kernel's debug information, addresses from the contract's headers; only the machines' page-table
# bits are told here once more.
import re
import gdb

ARCH = gdb.convenience_variable("exo_arch").string()
TOP = gdb.convenience_variable("exo_top").string()
BUILD = gdb.convenience_variable("exo_build").string()
PROGRAM = BUILD + "/programs/" + gdb.convenience_variable("exo_program").string()
MASK = (1 << 64) - 1
ROOT = 0  # of the kernel's tables, physical
PC = {"x86_64": "rip", "aarch64": "pc", "riscv64": "pc"}[ARCH]
ARGUMENT = {"x86_64": ("rdi", "rsi"), "aarch64": ("x0", "x1"), "riscv64": ("a0", "a1")}[ARCH]


def address_of(name):
    text = open(TOP + "/exo/include/exo/boot.h").read()
    return int(re.findall(r"#define %s EXO_U64\((0x[0-9A-Fa-f]+)\)" % name, text)[-1], 16)  # of 48-bit addresses, the last


def values_of(path, prefix):
    text = open(TOP + path).read()
    return {int(v): n.lower() for n, v in re.findall(r"\b%s(\w+) = (\d+)," % prefix, text)}


DIRECT, TABLE, PERCPU = (address_of("EXO_%s_BASE" % n) for n in ("DIRECT", "FRAME_TABLE", "PERCPU"))
STRIDE, RECORD = address_of("EXO_PERCPU_STRIDE"), address_of("EXO_PERCPU_RECORD")
KIND = values_of("/exo/include/exo/window.h", "EXO_KIND_")


def number(value):
    return int(value) & MASK


def physical(address, size):
    """QEMU's stub reads past the page tables when it is asked to."""
    gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
    try:
        return gdb.selected_inferior().read_memory(address, size).tobytes()
    finally:
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)


def word(address):
    return int.from_bytes(physical(address, 8), "little")


def kernel_page(va):
    """While a program runs, some machines do not show a debugger the kernel's half: walk its tables."""
    table = ROOT
    for level in range(3, -1, -1):
        to, leaf, _ = entry_text(word(table + 8 * (va >> (12 + 9 * level) & 511)), level == 0)
        if to is None:
            raise gdb.MemoryError("nothing at %#x" % va)
        if leaf:
            return to | va & ((1 << (12 + 9 * level)) - 1) & ~4095
        table = to


def read(address, size):
    try:
        return gdb.selected_inferior().read_memory(address, size).tobytes()
    except gdb.MemoryError:
        data = b""
        while size:
            part = min(size, 4096 - address % 4096)
            data += physical(kernel_page(address) | address % 4096, part)
            address, size = address + part, size - part
        return data


def at(address, kind):
    kind = gdb.lookup_type(kind)
    return gdb.Value(read(address, kind.sizeof), kind)


def window():
    return at(number(gdb.parse_and_eval("&machine_window")), "struct exo_machine_window")


def register(name):
    return number(gdb.selected_frame().read_register(name))


def frame(n):
    if n >= number(window()["frame_count"]):
        raise gdb.GdbError("there is no frame %d" % n)
    return at(TABLE + 32 * n, "struct exo_frame_desc")


def state_of(d):
    s = number(d["state"])
    return {"kind": KIND.get(s & 15, "?"), "maps": s >> 16 & 0xFFFFFF, "pins": s >> 40 & 0xFFFFF, "level": s >> 8 & 3,
            "words": " ".join(w for b, w in ((16, "locked"), (32, "dirty"), (64, "written"), (128, "executed")) if s & b)}


def name_text(n):
    length = n & 63
    return "'%s'" % format(n >> (64 - length), "0%db" % length) if length else "''"


def frame_kinds():
    """The first byte of every descriptor."""
    return read(TABLE, 32 * number(window()["frame_count"]))[::32]


def envs():
    kinds = frame_kinds()
    for n in range(len(kinds)):
        if KIND.get(kinds[n] & 15) == "env":
            yield n, at(DIRECT + n * 4096, "struct env")


def cpus():
    for i in range(number(window()["cpu_count"])):
        yield i, at(PERCPU + i * STRIDE + RECORD, "struct cpu")


class Helper(gdb.Command):
    def __init__(self):
        super().__init__(self.__doc__.split(":")[0].split()[0], gdb.COMMAND_DATA)

    def invoke(self, text, from_tty):
        try:
            self.run(*[number(gdb.parse_and_eval(a)) for a in gdb.string_to_argv(text)])
        except (TypeError, gdb.MemoryError) as e:
            raise gdb.GdbError("%s (%s)" % (self.__doc__, e))


class Frame(Helper):
    """exo-frame N: one physical frame."""

    def run(self, n):
        d = frame(n)
        s = state_of(d)
        print("frame %d (physical %#x): %s%s, guard %s, account %d, %d maps, %d pins, home %#x %s" % (
            n, n << 12, s["kind"], " level %d" % s["level"] if s["kind"] == "table" else "", name_text(number(d["guard"])),
            number(d["account"]), s["maps"], s["pins"], number(d["home"]), s["words"]))


class Frames(Helper):
    """exo-frames: how many frames there are of each kind."""

    def run(self):
        kinds = {}
        for byte in frame_kinds():
            kind = KIND.get(byte & 15, "?")
            kinds[kind] = kinds.get(kind, 0) + 1
        for kind in sorted(kinds):
            print("%-8s %d" % (kind, kinds[kind]))


class Envs(Helper):
    """exo-envs: all environments."""

    def run(self):
        running = {number(c["env"]): i for i, c in cpus()}
        for n, e in envs():
            w = e["w"]
            print("env %#x: %s, parent %#x, root %d, %d of %d frames, cpus %#x%s" % (
                number(w["number"]), "alive" if w["alive"] else "ended", number(w["parent"]), number(w["root"]),
                number(w["used"]), number(w["ceiling"]), number(w["cpus"]),
                ", runs on CPU %d" % running[DIRECT + n * 4096] if DIRECT + n * 4096 in running else ""))


class Slots(Helper):
    """exo-slots ENV: the capabilities of an environment."""

    def run(self, env):
        e = at(DIRECT + (env & ((1 << 40) - 1)) * 4096, "struct env")
        letters = "rwxmgt"  # read, write, execute, manage, guard, grant
        for i in range(64):
            s = e["w"]["slot"][i]
            rights = number(s["rights"]) & 0xFFFFFFFF
            if rights:
                print("slot %2d: %s %s" % (i, "".join(c if rights >> b & 1 else "-" for b, c in enumerate(letters)),
                                           name_text(number(s["name"]))))


class Cpus(Helper):
    """exo-cpus: what every CPU does."""

    def run(self):
        for i, c in cpus():
            env = number(c["env"])
            now = c["slice"][int(c["slice_now"])]
            print("CPU %d: %s, root %d, slice %d of env %#x%s, fp %s" % (
                i, "env %#x" % number(at(env, "struct env")["w"]["number"]) if env else "idle", number(c["root"]),
                int(c["slice_now"]), number(now["env"]), " (lent)" if c["lent"] else "", "live" if int(c["live"]) & 1 else "off"))


class Uarea(Helper):
    """exo-uarea: the doors and records of the environment that runs on this CPU."""

    def run(self):
        for i, c in cpus():
            if not number(c["arch"]["uarea"]):
                continue
            u = at(number(c["arch"]["uarea"]), "struct exo_uarea")
            print("CPU %d: self %#x, fault door %#x, event door %#x, masked %d, pending %#x" % (
                i, number(u["self"]), number(u["fault_door"]), number(u["event_door"]), number(u["masked"]), number(u["pending"])))
            for r in ("fault", "event", "forced"):
                print("  %-6s busy %d cause %d address %#x" % (
                    r, number(u[r]["busy"]), number(u[r]["cause"]), number(u[r]["address"])))


def entry_text(e, leaf):
    """What a page-table entry says, by the machine's own bits: where it leads, whether that is a page, and in words."""
    if ARCH == "x86_64":
        present, write, execute, user, physical = e & 1, e & 2, not e >> 63, e & 4, e & 0x000FFFFFFFFFF000
        is_leaf = leaf or e & 0x80
    elif ARCH == "aarch64":
        present, write, user, physical = e & 1, not e & 0x80 or e >> 51 & 1, e & 0x40, e & 0x0000FFFFFFFFF000
        execute, is_leaf = not e >> (54 if user else 53) & 1, leaf or not e & 2
    else:
        present, write, execute, user, physical = e & 1, e & 4, e & 8, e & 16, (e >> 10 & ((1 << 44) - 1)) << 12
        is_leaf = leaf or e & 14
    if not present:
        return None, False, "not present (%#x)" % e
    if not is_leaf:
        return physical, False, "table in frame %d" % (physical >> 12)
    return physical, True, "frame %d r%s%s %s" % (
        physical >> 12, "w" if write else "-", "x" if execute else "-", "user" if user else "kernel")


class Walk(Helper):
    """exo-walk ADDRESS [ROOT]: the way through the page tables, from the root frame of what runs here or ROOT."""

    def run(self, va, root=None):
        if root is None:
            roots = [number(c["root"]) for _, c in cpus() if number(c["root"])]
            root = ROOT >> 12 if va >> 63 or not roots else roots[0]
        table = root << 12
        for level in range(3, -1, -1):
            index = va >> (12 + 9 * level) & 511
            to, leaf, text = entry_text(word(table + 8 * index), level == 0)
            print("level %d: entry %3d of frame %d: %s" % (level, index, table >> 12, text))
            if to is None or leaf:
                return
            table = to


class ProgramBreakpoint(gdb.Breakpoint):
    """A place in the program: programs share addresses, so it counts only where the code there is the program's own."""

    def __init__(self, location):
        super().__init__(location, gdb.BP_HARDWARE_BREAKPOINT)
        self.wanted = None

    def stop(self):
        pc = number(gdb.parse_and_eval("$pc"))
        if self.wanted is None:
            with open(PROGRAM, "rb") as f:
                image = f.read()
            phoff = int.from_bytes(image[32:40], "little")
            for i in range(int.from_bytes(image[56:58], "little")):
                h = image[phoff + 56 * i:phoff + 56 * i + 56]
                offset, va, size = (int.from_bytes(h[a:a + 8], "little") for a in (8, 16, 32))
                if h[:4] == b"\1\0\0\0" and va <= pc < va + size:
                    self.wanted = image[offset + pc - va:offset + pc - va + 16]
        try:
            return gdb.selected_inferior().read_memory(pc, len(self.wanted)).tobytes() == self.wanted
        except (gdb.MemoryError, TypeError):
            return False


class Break(gdb.Command):
    """exo-break LOCATION: a breakpoint in the program or the library it is linked with."""

    def __init__(self):
        super().__init__("exo-break", gdb.COMMAND_BREAKPOINTS, gdb.COMPLETE_LOCATION)

    def invoke(self, text, from_tty):
        ProgramBreakpoint(text)


class Door(Helper):
    """exo-door: from a fault door (os_fault_door) to the instruction that faulted, once the library has dealt with it."""

    def run(self):
        record = at(register(ARGUMENT[1]), "struct exo_record")
        pc, address = number(record["regs"][{"x86_64": "rip"}.get(ARCH, "pc")]), number(record["address"])
        print("the program faulted at %#x, cause %d, address %#x" % (pc, number(record["cause"]), address))
        gdb.execute("thbreak *%#x" % pc, to_string=True)
        gdb.execute("continue", to_string=True)
        here = number(gdb.parse_and_eval("$pc"))
        print("back at %#x: %s" % (here, "the same instruction" if here == pc else "elsewhere"))
        gdb.set_convenience_variable("exo_address", address)


def start():
    """At the kernel's first instruction: its handover tells where the loader lay."""
    global ROOT
    handover = at(number(gdb.parse_and_eval("$" + ARGUMENT[0])), "struct exo_boot")
    ROOT, loader = number(handover["root_physical"]), number(handover["loader_physical"])
    gdb.set_convenience_variable("exo_first", number(handover["spare_frame"]))
    gdb.execute("add-symbol-file %s/loader.elf -o %#x" % (BUILD, loader), to_string=True)
    gdb.execute("add-symbol-file %s" % PROGRAM, to_string=True)
    print("loader at %#x, kernel, library and %s: symbols are loaded" % (loader, PROGRAM.split("/")[-1]))


for helper in (Frame, Frames, Envs, Slots, Cpus, Uarea, Walk, Break, Door):
    helper()
