#include "daemon/rpc/roles.h"

#include <algorithm>

namespace lacuna {
namespace {

// Public things only (P9). What may wait for the disk runs on the workers.
class AuditorServer final : public wire::Auditor::Server {
 public:
  explicit AuditorServer(kj::Own<RpcPeer> peer) : peer_(kj::mv(peer)) {}

  kj::Promise<void> checkpoint(CheckpointContext context) override {
    return read<std::string>(
        context, [](LedgerService& s) -> Result<std::string> { return s.checkpoint(); });
  }

  kj::Promise<void> verifierKey(VerifierKeyContext context) override {
    return read<std::string>(
        context, [](LedgerService& s) -> Result<std::string> { return s.verifierKey(); });
  }

  kj::Promise<void> receipt(ReceiptContext context) override {
    const Seq seq(context.getParams().getSeq());
    return read<std::string>(context, [seq](LedgerService& s) { return s.receipt(seq); });
  }

  kj::Promise<void> records(RecordsContext context) override {
    const auto params = context.getParams();
    const Seq first(params.getFirst());
    const auto count = std::min<std::uint32_t>(params.getCount(), kRecordsPerCallMax);
    return read<std::vector<Bytes>>(
        context, [first, count](LedgerService& s) { return s.records(first, count); });
  }

  kj::Promise<void> tile(TileContext context) override {
    const auto params = context.getParams();
    const unsigned level = params.getLevel(), width = params.getWidth();
    const std::uint64_t index = params.getIndex();
    return read<Bytes>(context, [level, index, width](LedgerService& s) -> Result<Bytes> {
      if (level > kTileLevelMax || width == 0 || width > kTileWidth) {
        return Refusal{RefusalCode::invalidValue,
                       "A tile has a level of at most 7 and a width of 1 to 256."};
      }
      return s.tile(level, index, width);
    });
  }

  kj::Promise<void> document(DocumentContext context) override {
    const auto wire = context.getParams().getHash();
    const auto hash = DocumentHash::from({wire.begin(), wire.size()});
    return read<Bytes>(context, [hash](LedgerService& s) -> Result<Bytes> {
      if (!hash) {
        return Refusal{RefusalCode::invalidValue,
                       "A document is named by the 32 bytes of its hash."};
      }
      return s.document(*hash);
    });
  }

  kj::Promise<void> checkpoints(CheckpointsContext context) override {
    const auto params = context.getParams();
    const TreeSize from(params.getFrom());
    const auto count = std::min<std::uint32_t>(params.getCount(), kRecordsPerCallMax);
    return read<std::vector<std::string>>(
        context, [from, count](LedgerService& s) -> Result<std::vector<std::string>> {
          return s.checkpoints(from, count);
        });
  }

 private:
  template <typename Value, typename Context, typename Job>
  kj::Promise<void> read(Context context, Job job) {
    return asRole(*peer_, Role::auditor, context, [&](Caller) {
      context.releaseParams();
      Host& host = peer_->host();
      return host.workers
          .run<Value>(peer_->session().principal(),
                      [job = std::move(job), &service = host.service]() { return job(service); })
          .then([peer = peer_.get(), context](Result<Value> result) mutable {
            answer(*peer, context, result);
          });
    });
  }

  template <typename Context, typename Value>
  static void answer(RpcPeer& peer, Context& context, const Result<Value>& result) {
    answerWith(peer, context, result);
  }
  template <typename Context, typename Item>
  static void answer(
      RpcPeer& peer, Context& context,
      const Result<std::vector<Item>>& result) requires(!std::is_same_v<Item, std::uint8_t>) {
    if (!result) {
      putRefusal(context.getResults(), result.refusal());
      return;
    }
    std::size_t bytes = 0;
    for (const auto& item : *result) bytes += item.size() + 16;  // its pointer and its padding
    if (const auto refused = peer.refusalOfAnswer(bytes)) {
      putRefusal(context.getResults(), *refused);
      return;
    }
    put(context.getResults(sizeOfBytes(bytes)), *result);
  }

  static constexpr unsigned kTileLevelMax = 7;  // 256^8 leaves
  HandOut peer_;
};

}  // namespace

wire::Auditor::Client newAuditor(kj::Own<RpcPeer> peer) {
  return kj::heap<AuditorServer>(kj::mv(peer));
}

}  // namespace lacuna
