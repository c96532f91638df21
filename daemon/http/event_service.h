// HTTP for applications without Cap'n Proto (DESIGN 10): POST /v1/events, GET /v1/status; and the public log
// for auditors' tools (log_resource.h).
//
// A client of the same roles as RPC: every request goes through a Session, with the same checks.
// Thread: the loop's.
#pragma once

#include "daemon/http/body.h"
#include "daemon/server/session.h"

#include <kj/compat/http.h>

#include <variant>

namespace lacuna {

// The header names we look at. One for the process; outlives every service.
struct HttpNames {
  HttpNames();
  kj::HttpHeaderId origin, expect, allow, retryAfter, contentEncoding, cacheControl, noSniff, vary,
      acceptEncoding;
  kj::HttpHeaderId ceSpecversion, ceId, ceSource, ceType, ceTime;
  kj::Own<kj::HttpHeaderTable> table;

 private:
  explicit HttpNames(kj::HttpHeaderTable::Builder builder);
};

// From where a connection came: what a browser may have sent is looked at more closely.
enum class HttpOrigin { unixSocket, loopback };

class EventHttpService final : public kj::HttpService {
 public:
  // `session` is null when the peer could not be told: every request is refused `wrong-role`.
  EventHttpService(Host& host, const HttpNames& names, kj::Maybe<kj::Own<Session>> session,
                   HttpOrigin origin, kj::AsyncIoStream& connection);

  kj::Promise<void> request(kj::HttpMethod method, kj::StringPtr url,
                            const kj::HttpHeaders& headers, kj::AsyncInputStream& body,
                            Response& response) override;

 private:
  struct Upload;
  struct Form {  // how the body is to be read, from the headers, which die with the first read
    BodyForm form = BodyForm::jsonLines;
    std::optional<CloudEventHeaders> binary;
  };
  struct Read {
    Batch batch;
    std::vector<std::size_t> lines;  // one for each event
    bool single = false;
  };

  kj::Promise<void> route(kj::HttpMethod method, kj::StringPtr url, const kj::HttpHeaders& headers,
                          kj::AsyncInputStream& body, Response& response);
  std::optional<Problem> problemOfOrigin(const kj::HttpHeaders& headers) const;
  kj::Promise<void> status(Response& response);
  kj::Promise<void> log(kj::StringPtr path, const kj::HttpHeaders& headers, Response& response);
  kj::Promise<void> submit(const kj::HttpHeaders& headers, kj::AsyncInputStream& body,
                           Response& response);
  std::variant<Form, Problem> formOf(const kj::HttpHeaders& headers) const;
  kj::Promise<void> readBody(Upload& upload, kj::AsyncInputStream& body);
  kj::Promise<void> take(kj::Own<Upload> upload, Form form, Response& response);
  static Result<Read> decode(const Form& form, std::string_view body);
  kj::Promise<void> answer(const Read& read, const std::vector<EventResult>& results,
                           Response& response);
  kj::Promise<void> send(Response& response, unsigned status, kj::StringPtr type, std::string text,
                         kj::HttpHeaders headers);
  kj::Promise<void> send(Response& response, const Problem& problem, kj::StringPtr allow = nullptr);

  Host& host_;
  const HttpNames& names_;
  kj::Maybe<kj::Own<Session>> session_;
  const HttpOrigin origin_;
  kj::AsyncIoStream& connection_;
};

// Answers what never reaches a service: malformed requests and faults, as problems without detail.
class HttpErrors final : public kj::HttpServerErrorHandler {
 public:
  explicit HttpErrors(const HttpNames& names) : names_(names) {}
  kj::Promise<void> handleClientProtocolError(kj::HttpHeaders::ProtocolError error,
                                              kj::HttpService::Response& response) override;
  kj::Promise<void> handleApplicationError(kj::Exception exception,
                                           kj::Maybe<kj::HttpService::Response&> response) override;
  kj::Promise<void> handleNoResponse(kj::HttpService::Response& response) override;

 private:
  kj::Promise<void> send(kj::HttpService::Response& response, const Problem& problem);
  const HttpNames& names_;
};

// True for "localhost", 127.0.0.0/8 and [::1], with or without a port. Others may be a name that a
// hostile page has pointed at this machine.
bool isLoopbackHost(std::string_view host);

}  // namespace lacuna
