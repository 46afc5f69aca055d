#include "power_loss_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "base/check.h"

namespace ackd {
namespace {

PowerLossVfs* installed = nullptr;

// What a connection has open. SQLite gives the memory for the struct and never calls a destructor, so what owns
// something hangs behind a pointer.
struct OpenFile {
  std::string name;
  bool syncs_folder = false;  // with its next sync: a journal or WAL that is new
  bool removed_on_close = false;
  std::vector<std::unique_ptr<char[]>> shared;  // regions of the WAL's index, which a cut loses anyway
};
struct Handle {
  sqlite3_file base;
  OpenFile* file;
};

OpenFile& of(sqlite3_file* file) {
  return *reinterpret_cast<Handle*>(file)->file;
}

int close(sqlite3_file* file) {
  if (of(file).removed_on_close) installed->change({DiskChange::Kind::kRemove, of(file).name, 0, {}});
  delete &of(file);
  return SQLITE_OK;
}

int read(sqlite3_file* file, void* out, int count, sqlite3_int64 offset) {
  const std::string& content = installed->disk().content(of(file).name);
  const auto at = std::min(static_cast<std::size_t>(offset), content.size());
  const std::size_t got = std::min(static_cast<std::size_t>(count), content.size() - at);
  std::memcpy(out, content.data() + at, got);
  std::memset(static_cast<char*>(out) + got, 0, static_cast<std::size_t>(count) - got);
  return got == static_cast<std::size_t>(count) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  const bool done = installed->change({DiskChange::Kind::kWrite, of(file).name, static_cast<std::size_t>(offset),
                                       std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(count))});
  if (done) return SQLITE_OK;
  return installed->is_full() ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  const bool done = installed->change({DiskChange::Kind::kTruncate, of(file).name, static_cast<std::size_t>(size), {}});
  return done ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

int sync(sqlite3_file* file, int) {
  const bool with_folder = std::exchange(of(file).syncs_folder, false);
  return installed->sync(of(file).name, with_folder) ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(installed->disk().content(of(file).name).size());
  return SQLITE_OK;
}

int lock(sqlite3_file*, int) {
  return SQLITE_OK;
}

int check_reserved_lock(sqlite3_file*, int* is_locked) {
  *is_locked = 0;
  return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}

int sector_size(sqlite3_file*) {
  return 4'096;  // as the VFS for Unix says, whatever the disk has
}

// As the VFS for Unix: a torn write harms no byte outside of it.
int device_characteristics(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

int map_shared(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  auto& regions = of(file).shared;
  const auto index = static_cast<std::size_t>(region);
  while (extend != 0 && regions.size() <= index) {
    regions.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));
  }
  *out = index < regions.size() ? regions[index].get() : nullptr;
  return SQLITE_OK;
}

int lock_shared(sqlite3_file*, int, int, int) {
  return SQLITE_OK;
}

void barrier(sqlite3_file*) {}

int unmap_shared(sqlite3_file* file, int) {
  of(file).shared.clear();
  return SQLITE_OK;
}

const sqlite3_io_methods kMethods{2,
                                  close,
                                  read,
                                  write,
                                  truncate,
                                  sync,
                                  file_size,
                                  lock,
                                  lock,
                                  check_reserved_lock,
                                  file_control,
                                  sector_size,
                                  device_characteristics,
                                  map_shared,
                                  lock_shared,
                                  barrier,
                                  unmap_shared,
                                  nullptr,
                                  nullptr};

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  file->pMethods = nullptr;
  if (name == nullptr) return SQLITE_CANTOPEN;  // temporary files are kept in memory
  const bool is_new = !installed->disk().exists(name);
  const bool is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  // The database's own file is made by SqliteDatabase, on the real disk.
  if (is_new && !is_database && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
  if (is_new && !installed->change({DiskChange::Kind::kCreate, name, 0, {}})) return SQLITE_IOERR;
  auto open_file = std::make_unique<OpenFile>();
  open_file->name = name;
  open_file->syncs_folder = is_new && (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
  open_file->removed_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  reinterpret_cast<Handle*>(file)->file = open_file.release();
  file->pMethods = &kMethods;
  if (flags_out != nullptr) *flags_out = flags;
  return SQLITE_OK;
}

int remove(sqlite3_vfs*, const char* name, int with_folder) {
  if (!installed->disk().exists(name)) return SQLITE_IOERR_DELETE_NOENT;
  if (!installed->change({DiskChange::Kind::kRemove, name, 0, {}})) return SQLITE_IOERR_DELETE;
  if (with_folder == 0 || installed->change({DiskChange::Kind::kSyncFolder, {}, 0, {}})) return SQLITE_OK;
  return SQLITE_IOERR_DIR_FSYNC;
}

int access(sqlite3_vfs*, const char* name, int, int* is_there) {
  *is_there = installed->disk().exists(name) ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}

void register_vfs() {
  if (sqlite3_vfs_find(PowerLossVfs::kName) != nullptr) return;
  static sqlite3_vfs vfs;
  vfs = *sqlite3_vfs_find(nullptr);
  vfs.zName = PowerLossVfs::kName;
  vfs.szOsFile = static_cast<int>(sizeof(Handle));
  vfs.pNext = nullptr;
  vfs.xOpen = open;
  vfs.xDelete = remove;
  vfs.xAccess = access;
  vfs.xFullPathname = full_path;
  sqlite3_vfs_register(&vfs, 0);
}

}  // namespace

PowerLossVfs::PowerLossVfs(const DiskImage& image) : disk_(image) {
  CHECK_THAT(installed == nullptr, "one power-loss disk at a time");
  installed = this;
  register_vfs();
}

PowerLossVfs::~PowerLossVfs() {
  installed = nullptr;
}

void PowerLossVfs::keep(DiskChange change) {
  disk_.apply(change);
  log_.push_back(std::move(change));
  ++made_;
}

bool PowerLossVfs::fails(const DiskChange& change) {
  ++changes_;
  if (!fault_ || changes_ < fault_->at) return false;
  const bool full = fault_->kind == DiskFault::Kind::kFull;
  const bool failing = full ? change.kind == DiskChange::Kind::kWrite : changes_ == fault_->at;
  if (failing && !failed_behind_) failed_behind_ = made_;
  return failing;
}

bool PowerLossVfs::change(DiskChange change) {
  if (!fails(change)) {
    keep(std::move(change));
    return true;
  }
  // A write that failed may have come half way.
  if (change.kind != DiskChange::Kind::kWrite || is_full()) return false;
  change.bytes.resize(change.bytes.size() / 2);
  keep(std::move(change));
  return false;
}

bool PowerLossVfs::sync(const std::string& file, bool with_folder) {
  DiskChange change{DiskChange::Kind::kSync, file, 0, {}};
  if (fails(change)) {
    keep({DiskChange::Kind::kFailSync, file, changes_, {}});
    return false;
  }
  if (ignores_syncs_) return true;
  keep(std::move(change));
  return !with_folder || this->change({DiskChange::Kind::kSyncFolder, {}, 0, {}});
}

}  // namespace ackd
