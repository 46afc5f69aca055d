#include "fault_vfs.h"

#include <sqlite3.h>

namespace ackd {
namespace {

struct FaultFile {
  sqlite3_file base;
  // The default VFS's own file lies behind this struct in the same allocation.
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

FaultFile* of(sqlite3_file* file) {
  return reinterpret_cast<FaultFile*>(file);
}

template <auto Method, class... Arguments>
int forward(sqlite3_file* file, Arguments... arguments) {
  sqlite3_file* real = of(file)->real();
  return (real->pMethods->*Method)(real, arguments...);
}

void barrier(sqlite3_file* file) {
  of(file)->real()->pMethods->xShmBarrier(of(file)->real());
}

int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  if (FaultVfs::fail_writes) return SQLITE_IOERR_WRITE;
  return forward<&sqlite3_io_methods::xWrite>(file, bytes, count, offset);
}

int sync(sqlite3_file* file, int flags) {
  if (FaultVfs::fail_syncs) return SQLITE_IOERR_FSYNC;
  ++FaultVfs::syncs;
  return forward<&sqlite3_io_methods::xSync>(file, flags);
}

const sqlite3_io_methods kMethods{
    2,
    forward<&sqlite3_io_methods::xClose>,
    forward<&sqlite3_io_methods::xRead>,
    write,
    forward<&sqlite3_io_methods::xTruncate>,
    sync,
    forward<&sqlite3_io_methods::xFileSize>,
    forward<&sqlite3_io_methods::xLock>,
    forward<&sqlite3_io_methods::xUnlock>,
    forward<&sqlite3_io_methods::xCheckReservedLock>,
    forward<&sqlite3_io_methods::xFileControl>,
    forward<&sqlite3_io_methods::xSectorSize>,
    forward<&sqlite3_io_methods::xDeviceCharacteristics>,
    forward<&sqlite3_io_methods::xShmMap>,
    forward<&sqlite3_io_methods::xShmLock>,
    barrier,
    forward<&sqlite3_io_methods::xShmUnmap>,
    nullptr,
    nullptr,
};

int open(sqlite3_vfs* self, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  auto* real_vfs = static_cast<sqlite3_vfs*>(self->pAppData);
  file->pMethods = nullptr;
  const int code = real_vfs->xOpen(real_vfs, name, of(file)->real(), flags, flags_out);
  if (code == SQLITE_OK) file->pMethods = &kMethods;
  return code;
}

}  // namespace

void FaultVfs::install() {
  if (sqlite3_vfs_find(kName) != nullptr) return;
  sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
  static sqlite3_vfs vfs;
  vfs = *real;
  vfs.zName = kName;
  vfs.szOsFile = static_cast<int>(sizeof(FaultFile)) + real->szOsFile;
  vfs.pAppData = real;
  vfs.pNext = nullptr;
  vfs.xOpen = open;
  sqlite3_vfs_register(&vfs, 0);
}

}  // namespace ackd
