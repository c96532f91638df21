#include "daemon/rpc/person_export.h"

#include "ledger/crypto/secret.h"

namespace lacuna {
namespace {

class PersonExportServer final : public wire::PersonExport::Server {
 public:
  PersonExportServer(kj::Own<RpcPeer> peer, std::uint64_t number)
      : peer_(kj::mv(peer)), number_(number) {}
  ~PersonExportServer() noexcept(false) { peer_->host().service.exportEnd(number_); }
  KJ_DISALLOW_COPY(PersonExportServer);

  kj::Promise<void> next(NextContext context) override {
    return asRole(*peer_, Role::officer, context, [&](const Caller&) -> kj::Promise<void> {
      auto awaited = peer_->host().inbox.expect<Result<ExportPage>>();
      peer_->host().service.exportNext(number_, std::move(awaited.done));
      return awaited.answer.then([peer = peer_.get(), context](Result<ExportPage> page) mutable {
        if (!page) return putRefusal(context.getResults(), page.refusal());
        fill(*peer, context, *page);
      });
    });
  }

 private:
  static void fill(RpcPeer& peer, NextContext& context, ExportPage& page) {
    std::size_t bytes = 0;
    for (const ExportPage::Part& part : page.parts)
      bytes += part.bytes.size() + part.file.size() + 64;
    if (const auto refused = peer.refusalOfAnswer(bytes)) {
      return putRefusal(context.getResults(), *refused);
    }
    auto out = context.getResults(sizeOfBytes(bytes)).initOk();
    auto parts = out.initParts(static_cast<unsigned>(page.parts.size()));
    for (unsigned i = 0; i < parts.size(); ++i) {
      ExportPage::Part& part = page.parts[i];
      parts[i].setFile(borrow(part.file));
      parts[i].setBytes({reinterpret_cast<const kj::byte*>(part.bytes.data()), part.bytes.size()});
      wipe({reinterpret_cast<std::uint8_t*>(part.bytes.data()), part.bytes.size()});
    }
    out.setTold(page.told);
    out.setDone(page.done);
  }

  HandOut peer_;
  const std::uint64_t number_;
};

}  // namespace

wire::PersonExport::Client newPersonExport(kj::Own<RpcPeer> peer, std::uint64_t number) {
  return kj::heap<PersonExportServer>(kj::mv(peer), number);
}

}  // namespace lacuna
