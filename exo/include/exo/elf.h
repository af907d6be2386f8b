// elf.h: the few ELF structures that loader and library need (System V gABI, chapter 4 and 5).
#pragma once
#include <stdint.h>

enum { ELF_X86_64 = 62, ELF_AARCH64 = 183, ELF_RISCV = 243 }; // e_machine
enum { ELF_EXEC = 2, ELF_DYN = 3 };                           // e_type
enum { ELF_LOAD = 1 };                                        // p_type
enum { ELF_X = 1, ELF_W = 2, ELF_R = 4 };                     // p_flags

struct elf_header {
  uint8_t ident[16];
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, phoff, shoff;
  uint32_t flags;
  uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct elf_segment {
  uint32_t type, flags;
  uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
static_assert(sizeof(struct elf_header) == 64 && sizeof(struct elf_segment) == 56);
