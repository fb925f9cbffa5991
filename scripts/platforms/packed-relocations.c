// Applies the packed relocations (DT_RELR) of the libraries of a program, for a musl before 1.2.4, whose loader ignores them. A program
// preloads it: its constructor then runs before those of the libraries.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <sys/mman.h>

#ifndef DT_RELR
#define DT_RELRSZ 35
#define DT_RELR 36
#endif

// The value of an entry of an object's dynamic section; 0: it has none.
static ElfW(Xword) value_of(const struct dl_phdr_info *info, ElfW(Sxword) tag) {
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
    const ElfW(Dyn) *entry = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    for (; entry->d_tag != DT_NULL; entry++) {
      if (entry->d_tag == tag) return entry->d_un.d_val;
    }
  }
  return 0;
}

// The loader has made what it relocated read-only.
static void make_writable(const struct dl_phdr_info *info) {
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[i];
    if (header->p_type != PT_GNU_RELRO) continue;
    ElfW(Addr) from = info->dlpi_addr + header->p_vaddr;
    ElfW(Addr) start = from & -4096ul, end = (from + header->p_memsz) & -4096ul;
    mprotect((void *)start, end - start, PROT_READ | PROT_WRITE);
  }
}

// A word is the address of a pointer, or the bits of the 63 pointers behind the last one.
static int relocate(struct dl_phdr_info *info, size_t size, void *data) {
  ElfW(Xword) table = value_of(info, DT_RELR);
  if (table == 0) return 0;
  make_writable(info);
  const ElfW(Addr) *words = (const void *)(info->dlpi_addr + table);
  ElfW(Addr) *at = NULL;
  for (size_t left = value_of(info, DT_RELRSZ) / sizeof *words; left > 0; left--, words++) {
    if ((*words & 1) == 0) {
      at = (void *)(info->dlpi_addr + *words);
      *at++ += info->dlpi_addr;
    } else {
      for (int bit = 0; bit < 63; bit++) {
        if (*words >> (bit + 1) & 1) at[bit] += info->dlpi_addr;
      }
      at += 63;
    }
  }
  return 0;
}

// The program has copies of some variables of its libraries, which the loader made before the pointers in them were right.
static int copy_again(struct dl_phdr_info *info, size_t size, void *data) {
  make_writable(info);
  const ElfW(Rela) *entry = (const void *)(info->dlpi_addr + value_of(info, DT_RELA));
  const ElfW(Sym) *symbols = (const void *)(info->dlpi_addr + value_of(info, DT_SYMTAB));
  const char *names = (const void *)(info->dlpi_addr + value_of(info, DT_STRTAB));
  for (size_t left = value_of(info, DT_RELASZ) / sizeof *entry; left > 0; left--, entry++) {
    if (ELF64_R_TYPE(entry->r_info) != R_X86_64_COPY) continue;
    const ElfW(Sym) *symbol = &symbols[ELF64_R_SYM(entry->r_info)];
    const char *from = dlsym(RTLD_NEXT, names + symbol->st_name);
    char *to = (void *)(info->dlpi_addr + entry->r_offset);
    for (size_t i = 0; from != NULL && i < symbol->st_size; i++) to[i] = from[i];
  }
  // The first object is the program, and only that has copies.
  return 1;
}

__attribute__((constructor)) static void start(void) {
  dl_iterate_phdr(relocate, NULL);
  dl_iterate_phdr(copy_again, NULL);
}
