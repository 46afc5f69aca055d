// An inbox in a SQLite file of the platform's: opened read-only, in WAL mode or with a rollback journal, and never
// checkpointed from here. The file belongs to the platform, which may lock, replace or lose it at any moment.
//
// Each look is one short read transaction: identity, sequence, the row at the mark, and what is behind it. The row at
// the mark is how an older copy of the same file is recognised once its sequence has caught up, so a platform does well
// to keep it and to delete only what stands below.
//
// In WAL mode a reader writes to the -shm file, so ackd's user must be able to; and no code of this process may open
// and close the file by itself, which would drop SQLite's locks on it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "inbox/inbox_source.h"
#include "outbox/sqlite_database.h"

namespace ackd {

class SqliteSource final : public InboxSource {
 public:
  explicit SqliteSource(std::string path);
  ~SqliteSource() override;

  SourceLook look(const InboxMarks& marks, const SourceBounds& bounds) override;

 private:
  // A replaced file has another one.
  struct FileName {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const FileName&, const FileName&) = default;
  };
  struct Statements;

  std::optional<FileName> name_of_file() const;
  Status open(const SourceBounds& bounds);
  void close();
  std::int64_t data_version();
  bool is_where_it_was(const InboxMarks& marks) const;
  Result<SourceLook> read(const InboxMarks& marks, const SourceBounds& bounds);
  void end_transaction();
  Status read_standing(SourceLook& look);
  std::optional<SourceTrouble> compare(const InboxMark& mark, const SourceLook& look);
  void read_rows(const InboxMark& mark, const SourceBounds& bounds, SourceLook& look);
  void read_huge_row(std::int64_t after, SourceLook& look);
  std::string seal_of_row(std::int64_t id);
  bool is_too_big() const;
  SourceLook troubled(InboxFault fault, const std::string& message) const;
  SourceLook troubled_by(const Error& error);

  std::string path_;
  FileName file_;
  std::unique_ptr<SqliteDatabase> database_;
  std::unique_ptr<Statements> statements_;

  // For the many looks that find nothing new: what the last one said, in which state of the file, and the mark behind
  // which there was nothing more (nothing: there was, or it is not known).
  SourceLook last_;
  std::int64_t last_version_ = 0;
  std::optional<InboxMark> left_off_;
};

}  // namespace ackd
