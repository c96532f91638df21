// HTTP as a client: logs and witnesses of others. The only room that names libcurl.
//
// Promise: an answer is whole or a Fault; never longer than the caller's bound. No redirect is followed, no
//          protocol but http and https is spoken, certificates are verified.
// Failure: nobody answers, too slow, too long: Fault, without the address.
// Thread:  any; connections are kept and shared.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace lacuna {

struct HttpReply {
  unsigned status = 0;
  std::string contentType;
  std::string body;  // decoded, when it came compressed
};

class HttpClient {
 public:
  // Every exchange ends within `timeMax`, or, as a Fault, soon after `cancelled` (if any) turns true.
  explicit HttpClient(std::chrono::milliseconds timeMax,
                      const std::atomic<bool>* cancelled = nullptr);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  HttpReply get(const std::string& url, std::size_t bodyBytesMax);
  HttpReply post(const std::string& url, std::string_view body, std::size_t bodyBytesMax);

 private:
  class Pool;
  std::unique_ptr<Pool> pool_;
};

// http://host... or https://host..., with no user, query or fragment.
bool isHttpUrl(std::string_view url);
// `url` with exactly one slash before `path`.
std::string joined(std::string_view url, std::string_view path);

}  // namespace lacuna
