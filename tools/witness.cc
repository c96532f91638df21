// lacuna witness: cosigns the checkpoints of other ledgers (C2SP tlog-witness).
#include "ledger/proof/witness.h"

#include "ledger/base/fault.h"
#include "ledger/crypto/digest.h"
#include "ledger/proof/policy.h"
#include "tools/commands.h"
#include "tools/trust.h"
#include "tools/witness_state.h"

#include <kj/async-io.h>
#include <kj/async-unix.h>
#include <kj/compat/http.h>
#include <kj/debug.h>

#include <csignal>
#include <map>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

constexpr std::size_t kConnectionsAtOnceMax = 256;
constexpr kj::Duration kRequestTimeMax = 10 * kj::SECONDS;
constexpr kj::Duration kAcceptPause = 100 * kj::MILLISECONDS;  // when no descriptor is left
constexpr std::string_view kMonitoring = "/checkpoint";

using Logs = std::map<std::string, std::vector<VerifierKey>>;  // by origin

const char* phraseOf(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 422:
      return "Unprocessable Content";
    case 500:
      return "Internal Server Error";
    default:
      return "Bad Request";
  }
}

// What goes wrong is said in a word: KJ's own answers quote exceptions, with places in the source.
class Errors final : public kj::HttpServerErrorHandler {
 public:
  explicit Errors(const kj::HttpHeaderTable& table) : table_(table) {}

  kj::Promise<void> handleClientProtocolError(kj::HttpHeaders::ProtocolError error,
                                              kj::HttpService::Response& response) override {
    return send(response, error.statusCode, "the request is not HTTP as it is read here\n");
  }
  kj::Promise<void> handleApplicationError(
      kj::Exception, kj::Maybe<kj::HttpService::Response&> response) override {
    KJ_IF_MAYBE(open, response) {
      return send(*open, 500, "the request could not be answered\n");
    }
    return kj::READY_NOW;
  }
  kj::Promise<void> handleNoResponse(kj::HttpService::Response& response) override {
    return send(response, 500, "the request was not answered\n");
  }

 private:
  kj::Promise<void> send(kj::HttpService::Response& response, unsigned status,
                         std::string_view why) const {
    kj::HttpHeaders headers(table_);
    headers.set(kj::HttpHeaderId::CONTENT_TYPE, "text/plain; charset=utf-8");
    auto body = response.send(status, phraseOf(status), headers, why.size());
    return body->write(why.data(), why.size()).attach(kj::mv(body));
  }
  const kj::HttpHeaderTable& table_;
};

class Service final : public kj::HttpService {
 public:
  Service(WitnessState& state, const Logs& logs, kj::Timer& timer, const kj::HttpHeaderTable& table,
          kj::HttpHeaderId allow, std::function<void(std::string_view)> failed)
      : state_(state),
        logs_(logs),
        timer_(timer),
        table_(table),
        allow_(allow),
        failed_(std::move(failed)) {}

  kj::Promise<void> request(kj::HttpMethod method, kj::StringPtr url, const kj::HttpHeaders&,
                            kj::AsyncInputStream& body, Response& response) override {
    const std::string_view path(url.cStr(), url.size());
    const bool add = path == "/add-checkpoint";
    if (!add && !path.ends_with(kMonitoring)) return send(response, answer(404, "nothing here"));
    const bool right = add ? method == kj::HttpMethod::POST
                           : method == kj::HttpMethod::GET || method == kj::HttpMethod::HEAD;
    if (!right) return send(response, answer(405, "another method"), add ? "POST" : "GET, HEAD");
    if (!add) return send(response, known(path));
    auto text = timer_.timeoutAfter(kRequestTimeMax, body.readAllText(kAddCheckpointBytesMax + 1));
    return text.then(
        [this, &response](kj::String got) {
          return send(response, added(std::string_view(got.cStr(), got.size())));
        },
        [this, &response](kj::Exception&& e) -> kj::Promise<void> {
          if (e.getType() == kj::Exception::Type::DISCONNECTED) return kj::mv(e);
          return send(response, answer(413, "a request has at most 16 KiB and arrives in 10 s"));
        });
  }

 private:
  static WitnessAnswer answer(unsigned status, std::string_view why) {
    WitnessAnswer out;
    out.status = status;
    out.body = std::string(why) + "\n";
    return out;
  }

  // Checked and remembered on this one thread, before anything else is looked at: no request comes between.
  WitnessAnswer added(std::string_view text) {
    if (broken_) return answer(500, "this witness has failed and cosigns nothing");
    const auto request = addCheckpointOfText(text);
    if (!request) return answer(400, "not an add-checkpoint request");
    const auto origin = originOf(*request);
    WitnessView view;
    try {
      if (const auto found = origin ? logs_.find(*origin) : logs_.end(); found != logs_.end()) {
        view.trusted = found->second;
        if (const auto note = state_.lastNote(*origin)) {
          view.cosigned = parseNote(*note)->checkpoint;
        }
      }
      WitnessAnswer out = judge(*request, view);
      if (!out.accepted) return out;
      out.body = state_.cosign(*parseNote(request->note), request->note, systemClock().now());
      return out;
    } catch (const Fault& fault) {
      return broken(fault);
    }
  }

  // What reached the disk is unknown, or what lies there is not ours: nothing is cosigned until somebody has looked.
  WitnessAnswer broken(const Fault& fault) {
    if (!broken_) failed_(fault.what());
    broken_ = true;
    return answer(500, "this witness has failed and cosigns nothing");
  }

  WitnessAnswer known(std::string_view path) {
    const std::string hex(path.substr(1, path.size() - 1 - kMonitoring.size()));
    const auto bytes = bytesOfHex(hex);
    if (!bytes || bytes->size() != 32 || hexOf(*bytes) != hex) return answer(404, "nothing here");
    try {
      const auto note = state_.lastNoteOfHash(hex);
      if (!note) return answer(404, "nothing was cosigned of this log");
      WitnessAnswer out = answer(200, "");
      out.body = *note;
      return out;
    } catch (const Fault& fault) {
      return broken(fault);
    }
  }

  kj::Promise<void> send(Response& response, WitnessAnswer answer, const char* allow = nullptr) {
    kj::HttpHeaders headers(table_);
    headers.set(kj::HttpHeaderId::CONTENT_TYPE, kj::StringPtr(answer.contentType.c_str()));
    if (allow != nullptr) headers.set(allow_, allow);
    auto body = response.send(answer.status, phraseOf(answer.status), headers, answer.body.size());
    auto bytes = kj::heap<std::string>(std::move(answer.body));
    auto written = body->write(bytes->data(), bytes->size());
    return timer_.timeoutAfter(kRequestTimeMax, kj::mv(written))
        .attach(kj::mv(body), kj::mv(bytes));
  }

  WitnessState& state_;
  const Logs& logs_;
  kj::Timer& timer_;
  const kj::HttpHeaderTable& table_;
  const kj::HttpHeaderId allow_;
  const std::function<void(std::string_view)> failed_;
  bool broken_ = false;
};

// Accepts for as long as it lives; a connection too many is closed.
class Listening final : private kj::TaskSet::ErrorHandler {
 public:
  Listening(kj::HttpServer& server, kj::Timer& timer, kj::Own<kj::ConnectionReceiver> port)
      : server_(server), timer_(timer), port_(kj::mv(port)), tasks_(*this) {
    tasks_.add(accept());
  }

 private:
  kj::Promise<void> accept() {
    // KJ throws for some errors, and rejects for others.
    return kj::evalNow([this]() { return port_->accept(); })
        .then(
            [this](kj::Own<kj::AsyncIoStream> stream) -> kj::Promise<void> {
              if (open_ < kConnectionsAtOnceMax) {
                ++open_;
                auto ended = kj::defer([this]() { --open_; });
                tasks_.add(server_.listenHttp(kj::mv(stream)).attach(kj::mv(ended)));
              }
              return kj::READY_NOW;
            },
            // Descriptors are used up, or the client is gone: neither is a reason to stop listening.
            [this](kj::Exception&&) { return timer_.afterDelay(kAcceptPause); })
        .then([this]() { return accept(); });
  }
  void taskFailed(kj::Exception&&) override {}  // a connection's end

  kj::HttpServer& server_;
  kj::Timer& timer_;
  kj::Own<kj::ConnectionReceiver> port_;
  std::size_t open_ = 0;
  kj::TaskSet tasks_;
};

Logs logsOf(Invocation& call) {
  Logs out;
  for (const std::string& asked : call.list("log")) {
    const VerifierKey key = verifierKeyIn(call, "--log", asked);
    if (key.type != kNoteEd25519)
      throw UsageError("--log takes the key of a log, not of a witness");
    out[key.name].push_back(key);
  }
  if (const std::string file = call.text("policy"); !file.empty()) {
    const auto policy =
        policyOfText(contentOf("the file of --policy", file, call.console.in(), kPolicyBytesMax));
    if (!policy) throw UsageError(policy.refusal().message);
    for (const Policy::Log& log : policy->logs) out[log.key.name].push_back(log.key);
  }
  if (out.empty()) throw UsageError("name the logs to witness: --log VKEY|FILE or --policy FILE");
  return out;
}

void announce(Console& console, const WitnessState& state, const std::string& host, unsigned port) {
  const std::string url = "http://" + host + ":" + std::to_string(port);
  if (console.json()) {
    console.out() << Json{{"key", textOf(state.key())}, {"url", url}}.dump() << '\n';
  } else {
    console.out() << "witness " << state.key().name << ' ' << textOf(state.key()) << ' ' << url
                  << '\n';
  }
  console.out().flush();
}

}  // namespace

void describeWitness(po::options_description& options) {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()                                                                     //
      ("state", text("DIR"), "where key and heads are kept")                                //
      ("listen", text("HOST:PORT"), "where logs submit; port 0: one that is free")          //
      ("name", text("NAME"), "the witness's name, at the first start")                      //
      ("policy", text("FILE"), "a C2SP policy whose logs are witnessed too")                //
      ("log", po::value<std::vector<std::string>>()->composing()->value_name("VKEY|FILE"),  //
       "the key of a log to witness (repeatable)");
}

Exit witness(Invocation& call) {
  const std::string directory = call.text("state"), listen = call.text("listen");
  if (directory.empty()) throw UsageError("--state DIR is needed");
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos) throw UsageError("--listen HOST:PORT is needed");
  const std::string host = listen.substr(0, colon);
  const auto port = numberOf("the port of --listen", listen.substr(colon + 1), 65535);
  const Logs logs = logsOf(call);
  auto state = WitnessState::open(directory, call.text("name"));
  if (!state) return call.console.refuse(state.refusal());

  kj::UnixEventPort::captureSignal(SIGTERM);
  kj::UnixEventPort::captureSignal(SIGINT);
  auto io = kj::setupAsyncIo();
  kj::HttpHeaderTable::Builder builder;
  const auto allow = builder.add("Allow");
  const auto table = builder.build();
  auto failure = kj::newPromiseAndFulfiller<void>();
  std::string why;
  Service service(**state, logs, io.provider->getTimer(), *table, allow,
                  [&](std::string_view sentence) {
                    why = sentence;
                    failure.fulfiller->fulfill();
                  });
  Errors errors(*table);
  kj::HttpServerSettings settings;
  settings.headerTimeout = kRequestTimeMax;
  settings.errorHandler = errors;
  kj::HttpServer server(io.provider->getTimer(), *table, service, settings);
  auto address =
      io.provider->getNetwork()
          .parseAddress(kj::StringPtr(host.c_str(), host.size()), static_cast<unsigned>(port))
          .wait(io.waitScope);
  auto receiver = address->listen();
  announce(call.console, **state, host, receiver->getPort());
  const Listening listening(server, io.provider->getTimer(), kj::mv(receiver));
  const auto signal = [&](int number) { return io.unixEventPort.onSignal(number).ignoreResult(); };
  signal(SIGTERM)
      .exclusiveJoin(signal(SIGINT))
      .exclusiveJoin(kj::mv(failure.promise))
      .wait(io.waitScope);
  if (!why.empty()) return call.console.fault(why);
  return Exit::done;
}

}  // namespace lacuna::tool
