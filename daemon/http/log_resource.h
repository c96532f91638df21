// The public log as C2SP tlog-tiles: what each of its paths answers. No KJ here.
//
//   /checkpoint                      the last published signed note
//   /tile/<L>/<N>[.p/<W>]            hashes; exactly 256, or W
//   /tile/entries/<N>[.p/<W>]        records
//   /document/<sha256 hex>           a public document; our own addition, as in an export
//
// Promise: nothing at or above the size of the published checkpoint is ever answered, so that what caches
//          keep for ever stays true (P3). A path has one form; every other one is not found.
// Thread:  any.
#pragma once

#include "daemon/service.h"

#include <string>
#include <string_view>

namespace lacuna {

struct LogAnswer {
  unsigned status = 404;
  std::string contentType;
  std::string cacheControl;
  bool gzipped = false;
  bool varies = false;  // another client may be given other bytes of the same entries
  std::string body;
};

// True for the paths that this page is about, also when nothing is there.
bool isLogPath(std::string_view path);
// An Accept-Encoding that takes gzip.
bool takesGzip(std::string_view acceptEncoding);

enum class Gzip : bool { no, yes };
// 200 or 404. Bundles alone are compressed, and only when asked for. What the log throws comes through.
LogAnswer logAnswerOf(AuditorService& log, std::string_view path, Gzip gzip);

}  // namespace lacuna
