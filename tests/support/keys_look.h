// A look at the database of keys beside the vault that has it open.
#pragma once

#include <rocksdb/db.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <thread>

namespace lacuna::test {

// Again for a while when it fails: a file may go, by a flush in the background, between being listed and opened.
inline std::unique_ptr<rocksdb::DB> lookAtKeys(const std::filesystem::path& database) {
  for (int left = 200;; --left) {
    rocksdb::DB* raw = nullptr;
    const auto status = rocksdb::DB::OpenForReadOnly(rocksdb::Options(), database.string(), &raw);
    if (status.ok()) return std::unique_ptr<rocksdb::DB>(raw);
    if (left == 0) throw std::runtime_error("cannot look at the keys: " + status.ToString());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace lacuna::test
