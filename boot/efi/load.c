// load.c: the console line, memory, and files from the boot volume.
#include "firmware.h"
#include <string.h>

EFI_SYSTEM_TABLE *efi;
EFI_HANDLE efi_image;
extern struct exo_boot *handover; // main.c; nullptr early on

static void print(const char *s) {
  for (CHAR16 one[2] = {}; *s; s++) {
    one[0] = (CHAR16)(uint8_t)*s;
    efi->ConOut->OutputString(efi->ConOut, one);
  }
}

void fail(const char *subject, fault what) {
  print("veridian: loader: ");
  print(subject);
  print(": ");
  print(what);
  print("\r\n");
  machine_exit(handover ? handover->power_base : 0);
  // No such device: the firmware tries its next boot option.
  efi->BootServices->Exit(efi_image, EFI_LOAD_ERROR, 0, nullptr);
  for (;;) {
  } // Exit does not return to a started image
}

void check(const char *subject, fault what) {
  if (what) fail(subject, what);
}

static struct claim {
  uint64_t first, count;
  uint32_t use;
} claims[512];
static uint32_t claim_count;

static void claim(uint64_t first, uint64_t count, uint32_t use) {
  struct claim *last = claim_count ? &claims[claim_count - 1] : nullptr;
  if (last && last->use == use && last->first == first + count) {
    last->first = first; // firmware allocates downwards
    last->count += count;
    return;
  }
  if (claim_count == sizeof claims / sizeof claims[0]) fail("memory", "more pieces than the loader has room for");
  claims[claim_count++] = (struct claim){first, count, use};
}

uint64_t memory_take(uint64_t count, uint64_t limit, uint32_t use, const char *what) {
  EFI_PHYSICAL_ADDRESS at = limit < EXO_DIRECT_SPAN ? limit : EXO_DIRECT_SPAN - 1;
  if (count > 1ull << FRAME_LIMIT_BITS ||
      efi->BootServices->AllocatePages(AllocateMaxAddress, use ? EfiLoaderCode : EfiLoaderData, count, &at) !=
          EFI_SUCCESS)
    fail(what, "not enough memory");
  memset((void *)at, 0, count * EXO_PAGE);
  if (use) claim(at / EXO_PAGE, count, use);
  return at;
}

void memory_claims(struct map *map) {
  for (uint32_t i = 0; i < claim_count; i++)
    check("memory map", map_claim(map, claims[i].first, claims[i].count, claims[i].use));
}

static EFI_FILE_HANDLE boot_volume(void) {
  static EFI_GUID loaded_image = EFI_LOADED_IMAGE_PROTOCOL_GUID, file_system = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
  static EFI_FILE_HANDLE root;
  EFI_LOADED_IMAGE *self;
  EFI_FILE_IO_INTERFACE *volume;
  if (root) return root;
  if (efi->BootServices->HandleProtocol(efi_image, &loaded_image, (void **)&self) != EFI_SUCCESS ||
      efi->BootServices->HandleProtocol(self->DeviceHandle, &file_system, (void **)&volume) != EFI_SUCCESS ||
      volume->OpenVolume(volume, &root) != EFI_SUCCESS)
    fail("boot volume", "the loader's own device has no file system");
  return root;
}

// The position behind the last byte tells the size without an information buffer (UEFI 2.10, 13.5).
static uint64_t file_size(EFI_FILE_HANDLE file, const char *name) {
  UINT64 size = 0;
  if (file->SetPosition(file, UINT64_MAX) != EFI_SUCCESS || file->GetPosition(file, &size) != EFI_SUCCESS ||
      file->SetPosition(file, 0) != EFI_SUCCESS)
    fail(name, "its size can not be told");
  if (!size) fail(name, "empty");
  return size;
}

struct file file_read(const uint_least16_t *path, const char *name, uint32_t use) {
  EFI_FILE_HANDLE volume = boot_volume(), file;
  EFI_STATUS status = volume->Open(volume, &file, (CHAR16 *)(uintptr_t)path, EFI_FILE_MODE_READ, 0);
  if (status != EFI_SUCCESS) fail(name, "not there");
  uint64_t size = file_size(file, name);
  uint8_t *data = (uint8_t *)memory_take(frames_of(size), UINT64_MAX, use, name);
  for (uint64_t done = 0; done < size;) {
    UINTN part = size - done;
    if (file->Read(file, &part, data + done) != EFI_SUCCESS || !part) fail(name, "can not be read to its end");
    done += part;
  }
  file->Close(file);
  return (struct file){data, size};
}

void file_free(struct file file) { efi->BootServices->FreePages((uintptr_t)file.data, frames_of(file.size)); }
