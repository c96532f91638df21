#include "daemon/http/event_service.h"

#include "daemon/http/log_resource.h"
#include "daemon/rpc/translate.h"

#include <kj/debug.h>

#include <algorithm>
#include <charconv>

namespace lacuna {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kDecodeHereBytesMax = 16 * 1024;  // smaller bodies are not worth a thread
constexpr const char* kProblemType = "application/problem+json";

std::string_view viewOf(kj::StringPtr text) { return {text.cStr(), text.size()}; }

Problem plainProblem(unsigned status, std::string_view detail) {
  Problem out;
  out.status = status;
  out.title = reasonPhraseOf(status);
  out.detail = detail;
  return out;
}

Problem tooLarge() {
  return problemOf({RefusalCode::tooLarge,
                    "A body has at most " + std::to_string(kMessageBytesMax) + " bytes."});
}

}  // namespace

HttpNames::HttpNames() : HttpNames(kj::HttpHeaderTable::Builder()) {}

HttpNames::HttpNames(kj::HttpHeaderTable::Builder builder)
    : origin(builder.add("Origin")),
      expect(builder.add("Expect")),
      allow(builder.add("Allow")),
      retryAfter(builder.add("Retry-After")),
      contentEncoding(builder.add("Content-Encoding")),
      cacheControl(builder.add("Cache-Control")),
      noSniff(builder.add("X-Content-Type-Options")),
      vary(builder.add("Vary")),
      acceptEncoding(builder.add("Accept-Encoding")),
      ceSpecversion(builder.add("ce-specversion")),
      ceId(builder.add("ce-id")),
      ceSource(builder.add("ce-source")),
      ceType(builder.add("ce-type")),
      ceTime(builder.add("ce-time")) {
  table = builder.build();
}

bool isLoopbackHost(std::string_view host) {
  if (host.starts_with("[::1]")) {
    host.remove_prefix(5);
  } else {
    const auto name = host.substr(0, host.find(':'));
    host.remove_prefix(name.size());
    const bool isV4 = name.starts_with("127.") && std::all_of(name.begin(), name.end(), [](char c) {
                        return c == '.' || (c >= '0' && c <= '9');
                      });
    if (name != "localhost" && !isV4) return false;
  }
  if (host.empty()) return true;
  host.remove_prefix(1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(host.data(), host.data() + host.size(), port);
  return error == std::errc{} && end == host.data() + host.size();
}

// A body while it arrives, counted against its principal.
struct EventHttpService::Upload {
  std::string bytes;
  kj::Array<char> buffer = kj::heapArray<char>(kReadBytes);
  std::vector<Allowance::Share> shares;
  std::optional<Problem> problem;
};

EventHttpService::EventHttpService(Host& host, const HttpNames& names,
                                   kj::Maybe<kj::Own<Session>> session, HttpOrigin origin,
                                   kj::AsyncIoStream& connection)
    : host_(host),
      names_(names),
      session_(kj::mv(session)),
      origin_(origin),
      connection_(connection) {}

kj::Promise<void> EventHttpService::request(kj::HttpMethod method, kj::StringPtr url,
                                            const kj::HttpHeaders& headers,
                                            kj::AsyncInputStream& body, Response& response) {
  return guarded([&]() { return route(method, url, headers, body, response); });
}

std::optional<Problem> EventHttpService::problemOfOrigin(const kj::HttpHeaders& headers) const {
  if (origin_ == HttpOrigin::unixSocket) return std::nullopt;
  // Any page in the user's browser can send requests to loopback, under the user's own uid.
  if (headers.get(names_.origin) != nullptr) {
    return plainProblem(403, "Requests of web pages are not taken.");
  }
  const kj::StringPtr host = headers.get(kj::HttpHeaderId::HOST).orDefault(kj::StringPtr(""));
  if (!isLoopbackHost(viewOf(host))) {
    return plainProblem(403, "The Host header must name this machine's loopback.");
  }
  return std::nullopt;
}

kj::Promise<void> EventHttpService::route(kj::HttpMethod method, kj::StringPtr url,
                                          const kj::HttpHeaders& headers,
                                          kj::AsyncInputStream& body, Response& response) {
  if (const auto problem = problemOfOrigin(headers)) return send(response, *problem);
  if (session_ == nullptr) {
    return send(response, problemOf({RefusalCode::wrongRole,
                                     "Which user has opened this connection cannot be told."}));
  }
  if (url == "/v1/events") {
    if (method == kj::HttpMethod::POST) return submit(headers, body, response);
    return send(response, plainProblem(405, "Events are sent with POST."), "POST");
  }
  if (url == "/v1/status") {
    if (method == kj::HttpMethod::GET || method == kj::HttpMethod::HEAD) return status(response);
    return send(response, plainProblem(405, "The status is read with GET."), "GET, HEAD");
  }
  if (isLogPath(viewOf(url))) {
    if (method == kj::HttpMethod::GET || method == kj::HttpMethod::HEAD) {
      return log(url, headers, response);
    }
    return send(response, plainProblem(405, "The log is read with GET."), "GET, HEAD");
  }
  return send(response, plainProblem(404,
                                     "There is POST /v1/events, GET /v1/status, and the log: "
                                     "/checkpoint and /tile/..."));
}

kj::Promise<void> EventHttpService::log(kj::StringPtr path, const kj::HttpHeaders& headers,
                                        Response& response) {
  Session& session = *KJ_ASSERT_NONNULL(session_);
  if (const auto caller = session.callerAs(Role::auditor); !caller) {
    return send(response, problemOf(caller.refusal()));
  }
  const kj::StringPtr accepted = headers.get(names_.acceptEncoding).orDefault(kj::StringPtr(""));
  const Gzip gzip = takesGzip(viewOf(accepted)) ? Gzip::yes : Gzip::no;
  std::function<Result<LogAnswer>()> job =
      [&service = host_.service, asked = std::string(viewOf(path)), gzip]() -> Result<LogAnswer> {
    return logAnswerOf(service, asked, gzip);
  };
  const std::uint32_t principal = session.principal();
  return host_.workers.run<LogAnswer>(principal, std::move(job))
      .then([this, principal, &response](Result<LogAnswer> answer) -> kj::Promise<void> {
        if (!answer) return send(response, problemOf(answer.refusal()));
        if (answer->status != 200) {
          return send(response, plainProblem(answer->status, "Nothing is published there."));
        }
        auto share = host_.meter.unsent.tryTake(principal, answer->body.size());
        KJ_IF_MAYBE(held, share) {
          kj::HttpHeaders out(*names_.table);
          out.set(names_.cacheControl, borrow(answer->cacheControl));
          if (answer->varies) out.set(names_.vary, "Accept-Encoding");
          if (answer->gzipped) out.set(names_.contentEncoding, "gzip");
          return send(response, 200, borrow(answer->contentType), std::move(answer->body),
                      kj::mv(out))
              .attach(kj::mv(*held));
        }
        return send(response, problemOf({RefusalCode::busy,
                                         "Too many answers are waiting to be read.",
                                         {},
                                         kBusyRetryAfter}));
      });
}

kj::Promise<void> EventHttpService::status(Response& response) {
  Session& session = *KJ_ASSERT_NONNULL(session_);
  std::function<Result<std::string>()> job = [&service = host_.service,
                                              roles = session.access().roles]() {
    return service.status(roles);
  };
  const std::uint32_t principal = session.principal();
  return host_.workers.run<std::string>(principal, std::move(job))
      .then([this, &response](Result<std::string> json) {
        if (!json) return send(response, problemOf(json.refusal()));
        return send(response, 200, "application/json", *json + "\n",
                    kj::HttpHeaders(*names_.table));
      });
}

std::variant<EventHttpService::Form, Problem> EventHttpService::formOf(
    const kj::HttpHeaders& headers) const {
  if (headers.get(names_.contentEncoding) != nullptr) {
    return plainProblem(415, "Bodies are taken as they are, without a Content-Encoding.");
  }
  const kj::StringPtr type =
      headers.get(kj::HttpHeaderId::CONTENT_TYPE).orDefault(kj::StringPtr(""));
  const auto form = bodyFormOf(viewOf(type));
  if (!form) {
    return plainProblem(415,
                        "Send application/x-ndjson, application/json, application/cloudevents+json "
                        "or application/cloudevents-batch+json, in UTF-8.");
  }
  Form out{*form, std::nullopt};
  if (headers.get(names_.ceSpecversion) == nullptr) return out;

  CloudEventHeaders binary;
  const std::pair<kj::HttpHeaderId, std::string*> attributes[] = {
      {names_.ceSpecversion, &binary.specversion},
      {names_.ceId, &binary.id},
      {names_.ceSource, &binary.source},
      {names_.ceType, &binary.type},
      {names_.ceTime, &binary.time}};
  for (const auto& [name, value] : attributes) {
    KJ_IF_MAYBE(text, headers.get(name)) {
      auto decoded = percentDecoded(viewOf(*text));
      if (!decoded) {
        return problemOf({RefusalCode::invalidValue, "A ce- header has a broken % escape."});
      }
      *value = std::move(*decoded);
    }
  }
  out.binary = std::move(binary);
  return out;
}

kj::Promise<void> EventHttpService::submit(const kj::HttpHeaders& headers,
                                           kj::AsyncInputStream& body, Response& response) {
  auto caller = KJ_ASSERT_NONNULL(session_)->callerAs(Role::recorder);
  if (!caller) return send(response, problemOf(caller.refusal()));
  auto form = formOf(headers);
  if (const auto* problem = std::get_if<Problem>(&form)) return send(response, *problem);
  KJ_IF_MAYBE(length, body.tryGetLength()) {
    if (*length > kMessageBytesMax) return send(response, tooLarge());
  }

  kj::Promise<void> invited = kj::READY_NOW;
  KJ_IF_MAYBE(expect, headers.get(names_.expect)) {
    // KJ answers no Expect. The answer before this one has been written, so the line may go out.
    static constexpr kj::StringPtr kContinue = "HTTP/1.1 100 Continue\r\n\r\n"_kj;
    if (*expect == "100-continue") invited = connection_.write(kContinue.begin(), kContinue.size());
  }
  auto upload = kj::heap<Upload>();
  auto& arriving = *upload;
  auto arrived = invited.then([this, &arriving, &body]() { return readBody(arriving, body); });
  return host_.timer.timeoutAfter(durationOf(host_.patience.message), kj::mv(arrived))
      .catch_([&arriving](kj::Exception&& e) {
        if (e.getType() == kj::Exception::Type::DISCONNECTED) kj::throwFatalException(kj::mv(e));
        arriving.problem =
            e.getType() == kj::Exception::Type::OVERLOADED
                ? plainProblem(408, "The body did not arrive in time.")
                : plainProblem(400, "The body does not follow its Transfer-Encoding or length.");
      })
      .then([this, upload = kj::mv(upload), form = std::get<Form>(std::move(form)),
             &response]() mutable {
        ++host_.httpAnswering;
        auto taken = kj::defer([this]() { --host_.httpAnswering; });
        return take(kj::mv(upload), std::move(form), response).attach(kj::mv(taken));
      });
}

kj::Promise<void> EventHttpService::readBody(Upload& upload, kj::AsyncInputStream& body) {
  const std::uint32_t principal = KJ_ASSERT_NONNULL(session_)->principal();
  auto share = host_.meter.held.tryTake(principal, kReadBytes);
  KJ_IF_MAYBE(held, share) {
    upload.shares.push_back(kj::mv(*held));
  } else {
    upload.problem = problemOf(
        {RefusalCode::busy, "Too many bytes are waiting; try again shortly.", {}, kBusyRetryAfter});
    return kj::READY_NOW;
  }
  return body.tryRead(upload.buffer.begin(), kReadBytes, kReadBytes)
      .then([this, &upload, &body](std::size_t got) -> kj::Promise<void> {
        upload.bytes.append(upload.buffer.begin(), got);
        if (upload.bytes.size() > kMessageBytesMax) {
          upload.problem = tooLarge();
          return kj::READY_NOW;
        }
        if (got < kReadBytes) return kj::READY_NOW;  // the end
        return readBody(upload, body);
      });
}

Result<EventHttpService::Read> EventHttpService::decode(const Form& form, std::string_view body) {
  std::string unwrapped;
  BodyForm how = form.form;
  if (form.binary) {
    auto event = structured(*form.binary, body);
    if (!event) return event.refusal();
    unwrapped = std::move(*event);
    body = unwrapped;
    how = BodyForm::cloudEvent;
  }
  auto pieces = split(how, body);
  if (!pieces) return pieces.refusal();
  Read out;
  out.single = pieces->single;
  EventParser parser;
  for (const auto& piece : pieces->events) {
    out.batch.add(parser.parse(piece.text));
    out.lines.push_back(piece.line);
  }
  return out;
}

kj::Promise<void> EventHttpService::take(kj::Own<Upload> upload, Form form, Response& response) {
  if (upload->problem) return send(response, *upload->problem);

  kj::Promise<Result<Read>> decoded = nullptr;
  if (upload->bytes.size() <= kDecodeHereBytesMax) {
    decoded = decode(form, upload->bytes);
  } else {
    std::function<Result<Read>()> job = [form = std::move(form),
                                         bytes = std::move(upload->bytes)]() {
      return decode(form, bytes);
    };
    decoded = host_.workers.run<Read>(KJ_ASSERT_NONNULL(session_)->principal(), std::move(job));
  }
  return decoded.attach(kj::mv(upload))
      .then([this, &response](Result<Read> result) -> kj::Promise<void> {
        if (!result) return send(response, problemOf(result.refusal()));
        // Asked again: the body may have taken its time, and the grant may be gone.
        auto caller = KJ_ASSERT_NONNULL(session_)->callerAs(Role::recorder);
        if (!caller) return send(response, problemOf(caller.refusal()));
        auto read = kj::heap<Read>(std::move(*result));
        return read->batch
            .submit(host_.inbox, Atomic::no,
                    [&](std::vector<Event> events, BatchAnswer done) {
                      host_.service.submit(*caller, std::move(events), Atomic::no, std::move(done));
                    })
            .then([this, read = kj::mv(read), &response](std::vector<EventResult> results) {
              return answer(*read, results, response);
            });
      });
}

kj::Promise<void> EventHttpService::answer(const Read& read,
                                           const std::vector<EventResult>& results,
                                           Response& response) {
  if (const auto all = refusalOfAll(results)) return send(response, problemOf(*all));
  if (read.single && results.size() == 1 && !results.front()) {
    // A sender of CloudEvents looks at the status alone.
    return send(response, problemOf(results.front().refusal()));
  }
  LACUNA_ASSERT(results.size() == read.lines.size(), "one answer for each event");
  std::string text;
  text.reserve(results.size() * 96);
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i]) {
      putAnswerLine(text, results[i]->seq.raw(), hexOf(results[i]->leaf.view()));
    } else {
      putAnswerLine(text, read.lines[i], results[i].refusal());
    }
  }
  return send(response, 200, "application/x-ndjson", std::move(text),
              kj::HttpHeaders(*names_.table));
}

kj::Promise<void> EventHttpService::send(Response& response, unsigned status, kj::StringPtr type,
                                         std::string text, kj::HttpHeaders headers) {
  headers.set(kj::HttpHeaderId::CONTENT_TYPE, type);
  if (headers.get(names_.cacheControl) == nullptr) headers.set(names_.cacheControl, "no-store");
  headers.set(names_.noSniff, "nosniff");
  const std::string words(reasonPhraseOf(status));
  auto body = response.send(status, borrow(words), headers, text.size());
  auto bytes = kj::heap<std::string>(std::move(text));
  auto written = body->write(bytes->data(), bytes->size());
  // A client that does not read its answer loses the connection, not our memory.
  return host_.timer.timeoutAfter(durationOf(host_.patience.message), kj::mv(written))
      .attach(kj::mv(body), kj::mv(bytes));
}

kj::Promise<void> EventHttpService::send(Response& response, const Problem& problem,
                                         kj::StringPtr allow) {
  kj::HttpHeaders headers(*names_.table);
  if (allow != nullptr) headers.set(names_.allow, allow);
  if (problem.retryAfter.count() > 0) {
    headers.set(names_.retryAfter, kj::str((problem.retryAfter.count() + 999) / 1000));
  }
  return send(response, problem.status, kProblemType, jsonOf(problem), kj::mv(headers));
}

kj::Promise<void> HttpErrors::send(kj::HttpService::Response& response, const Problem& problem) {
  kj::HttpHeaders headers(*names_.table);
  headers.set(kj::HttpHeaderId::CONTENT_TYPE, kProblemType);
  auto text = kj::heap<std::string>(jsonOf(problem));
  const std::string words(reasonPhraseOf(problem.status));
  auto body = response.send(problem.status, borrow(words), headers, text->size());
  auto written = body->write(text->data(), text->size());
  return written.attach(kj::mv(body), kj::mv(text));
}

kj::Promise<void> HttpErrors::handleClientProtocolError(kj::HttpHeaders::ProtocolError error,
                                                        kj::HttpService::Response& response) {
  return send(response, plainProblem(error.statusCode, "The request is not HTTP as we read it."));
}

kj::Promise<void> HttpErrors::handleApplicationError(
    kj::Exception exception, kj::Maybe<kj::HttpService::Response&> response) {
  if (exception.getType() == kj::Exception::Type::DISCONNECTED) return kj::READY_NOW;
  KJ_IF_MAYBE(open, response) {
    const auto shown = faultForClient(kj::mv(exception));
    return send(*open, plainProblem(500, viewOf(shown.getDescription())));
  }
  return kj::READY_NOW;  // the answer had begun: the connection ends in the middle of it
}

kj::Promise<void> HttpErrors::handleNoResponse(kj::HttpService::Response& response) {
  return send(response, plainProblem(500, "The request was not answered."));
}

}  // namespace lacuna
