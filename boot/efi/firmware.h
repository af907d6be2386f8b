// firmware.h: for the files that call firmware. The headers are GNU-EFI's, plain C, the same for all machines.
#pragma once
#include <efi.h>
#include "loader.h"

extern EFI_SYSTEM_TABLE *efi;
extern EFI_HANDLE efi_image;
bool firmware_is_guid(const EFI_GUID *a, const EFI_GUID *b);
