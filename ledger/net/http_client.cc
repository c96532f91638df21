#include "ledger/net/http_client.h"

#include "ledger/base/fault.h"

#include <curl/curl.h>
#include <mutex>
#include <vector>

namespace lacuna {
namespace {

constexpr std::size_t kContentTypeBytesMax = 256;

struct Taking {
  std::string body;
  std::size_t bytesMax = 0;
  bool tooLong = false;
};

std::size_t take(char* bytes, std::size_t one, std::size_t count, void* context) {
  auto& taking = *static_cast<Taking*>(context);
  if (one * count > taking.bytesMax - taking.body.size()) {
    taking.tooLong = true;
    return 0;
  }
  taking.body.append(bytes, one * count);
  return one * count;
}

int lookWhetherCancelled(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(context)->load() ? 1 : 0;
}

template <typename Value>
void set(CURL* handle, CURLoption option, Value value) {
  if (curl_easy_setopt(handle, option, value) != CURLE_OK) {
    throw Fault("the HTTP library refuses a setting");
  }
}

}  // namespace

class HttpClient::Pool {
 public:
  Pool(std::chrono::milliseconds timeMax, const std::atomic<bool>* cancelled)
      : timeMax_(timeMax), cancelled_(cancelled) {
    static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (!ready) throw Fault("the HTTP library does not start");
  }
  ~Pool() {
    for (CURL* handle : idle_) curl_easy_cleanup(handle);
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  HttpReply exchange(const std::string& url, const std::string_view* body, std::size_t bytesMax) {
    Lease lease(*this);
    CURL* handle = lease.handle;
    Taking taking{{}, bytesMax, false};
    curl_easy_reset(handle);  // keeps the connection
    set(handle, CURLOPT_URL, url.c_str());
    set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    set(handle, CURLOPT_NOSIGNAL, 1L);
    set(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(timeMax_.count()));
    set(handle, CURLOPT_USERAGENT, "lacuna");
    set(handle, CURLOPT_ACCEPT_ENCODING, "gzip");
    set(handle, CURLOPT_WRITEFUNCTION, take);
    set(handle, CURLOPT_WRITEDATA, &taking);
    if (cancelled_ != nullptr) {
      set(handle, CURLOPT_NOPROGRESS, 0L);
      set(handle, CURLOPT_XFERINFOFUNCTION, lookWhetherCancelled);
      set(handle, CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(cancelled_));
    }
    curl_slist* headers = nullptr;
    if (body != nullptr) {
      // Without Expect: a body of a few lines is not worth a round of questions.
      headers = curl_slist_append(headers, "Content-Type: text/plain; charset=utf-8");
      headers = curl_slist_append(headers, "Expect:");
      set(handle, CURLOPT_HTTPHEADER, headers);
      set(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(body->size()));
      set(handle, CURLOPT_POSTFIELDS, body->data());
    }
    const CURLcode done = curl_easy_perform(handle);
    curl_slist_free_all(headers);
    if (taking.tooLong) throw Fault("an answer over HTTP is longer than it may be");
    if (done != CURLE_OK)
      throw Fault(std::string("no answer over HTTP: ") + curl_easy_strerror(done));
    HttpReply reply;
    long status = 0;
    const char* type = nullptr;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
    reply.status = static_cast<unsigned>(status);
    if (type != nullptr) reply.contentType = std::string_view(type).substr(0, kContentTypeBytesMax);
    reply.body = std::move(taking.body);
    return reply;
  }

 private:
  // A handle of one's own for as long as one exchange takes.
  struct Lease {
    explicit Lease(Pool& from) : pool(from) {
      {
        const std::lock_guard lock(pool.mutex_);
        if (!pool.idle_.empty()) {
          handle = pool.idle_.back();
          pool.idle_.pop_back();
        }
      }
      if (handle == nullptr) handle = curl_easy_init();
      if (handle == nullptr) throw Fault("the HTTP library has no memory");
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      const std::lock_guard lock(pool.mutex_);
      pool.idle_.push_back(handle);
    }
    Pool& pool;
    CURL* handle = nullptr;
  };

  const std::chrono::milliseconds timeMax_;
  const std::atomic<bool>* const cancelled_;
  std::mutex mutex_;
  std::vector<CURL*> idle_;  // as many as threads ask at once
};

HttpClient::HttpClient(std::chrono::milliseconds timeMax, const std::atomic<bool>* cancelled)
    : pool_(std::make_unique<Pool>(timeMax, cancelled)) {}
HttpClient::~HttpClient() = default;

HttpReply HttpClient::get(const std::string& url, std::size_t bodyBytesMax) {
  return pool_->exchange(url, nullptr, bodyBytesMax);
}

HttpReply HttpClient::post(const std::string& url, std::string_view body,
                           std::size_t bodyBytesMax) {
  return pool_->exchange(url, &body, bodyBytesMax);
}

bool isHttpUrl(std::string_view url) {
  std::size_t scheme = 0;
  if (url.starts_with("http://")) scheme = 7;
  if (url.starts_with("https://")) scheme = 8;
  return scheme > 0 && url.size() > scheme && url[scheme] != '/' &&
         url.find_first_of("?#@ \t\r\n") == std::string_view::npos;
}

std::string joined(std::string_view url, std::string_view path) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url) + "/" + std::string(path);
}

}  // namespace lacuna
