// Published signed notes and key ids (C2SP, golang.org/x/mod, transparency-dev/witness).
#include "ledger/proof/checkpoint.h"
#include "ledger/proof/merkle.h"

#include <catch2/catch.hpp>

using namespace lacuna;

namespace {

constexpr std::string_view kDash = "\xe2\x80\x94 ";

// Signature fields hold key id and signature.
Bytes signatureOf(std::string_view base64) {
  const Bytes bytes = *bytesOfBase64(base64);
  return Bytes(bytes.begin() + 4, bytes.end());
}

}  // namespace

TEST_CASE("the example key of C2SP verifies its example message", "[P3]") {
  const auto key =
      verifierKeyOfText("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
  REQUIRE(key);
  CHECK(key->name == "example.com/foo");
  CHECK(key->id == 0x530d903a);
  const Bytes signature = signatureOf(
      "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM"
      "=");
  CHECK(verifySignature(key->key, bytesOf("This is an example message.\n"), signature));
  CHECK_FALSE(verifySignature(key->key, bytesOf("This is an example message!\n"), signature));
}

TEST_CASE("the published private key makes the published key and signature", "[P3]") {
  const std::string privateText =
      "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
  const auto key = signingKeyOfText(privateText);
  REQUIRE(key);
  CHECK(key->name == "PeterNeumann");
  CHECK(privateKeyText(key->name, key->key) == privateText);
  CHECK(textOf(verifierKeyOf(key->name, key->key.publicKey())) ==
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  const std::string text =
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n";
  const Signature signature = key->key.sign(bytesOf(text));
  CHECK(
      Bytes(signature.begin(), signature.end()) ==
      signatureOf("x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
                  "KE6RyyBwJnAM="));
}

TEST_CASE("key ids cover the name and the type", "[P3]") {
  CHECK(verifierKeyOfText("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"));
  // The same key under another id, name or type.
  CHECK_FALSE(
      verifierKeyOfText("remora.n621.de+da77ade8+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"));
  CHECK_FALSE(
      verifierKeyOfText("remora.n622.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"));
  CHECK_FALSE(
      verifierKeyOfText("remora.n621.de+da77ade7+AevN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"));
  // The own key of section 8: the seed of a Go fixture used for cosignatures.
  CHECK(verifierKeyOfText("witness+24b37851+BNYV1Ztajd9BvyjP2HgpwrqYL6TjOwIjGMOq8Bu42xbN"));
}

TEST_CASE("published checkpoints open and extend each other", "[P3]") {
  const auto key =
      verifierKeyOfText("monkeys+db4d9f7e+AULaJMvTtDLHPUcUrjdDad9vDlh/PTfC2VV60JUtCfWT");
  REQUIRE(key);
  const auto signing =
      signingKeyOfText("PRIVATE+KEY+monkeys+db4d9f7e+ATWIAF3yVBG+Hv1rZFQoNt/BaURkLPtOFMAM2HrEeIr6");
  REQUIRE(signing);
  CHECK(signing->key.publicKey() == key->key);
  const std::string five =
      "monkeys\n5\n41smjBUiAU70EtKlT6lIOIYtRTYxYXsDB+XHfcvu/BE=\n\n" + std::string(kDash) +
      "monkeys "
      "202fftzGl3LVoqjXfwCFZZXs8I+5G22+Ek2K0AOyBuSJ/8/CZawNF+6fNlTKOCd622pbzJNkkJFWuw9DbicZCk"
      "Ex9AY=\n";
  const std::string eight =
      "monkeys\n8\nV8K9aklZ4EPB+RMOk1/8VsJUdFZR77GDtZUQq84vSbo=\n\n" + std::string(kDash) +
      "monkeys "
      "202ffoUEboiQYpHzICeaFmoy3RNviHTpAxYrq/eO4QQVQMvu9UebKBMX2MJC76NLthZaKsnKbCA8GxrjePZhvD"
      "CH7Ag=\n";
  const auto older = openNote(five, *key);
  const auto newer = openNote(eight, *key);
  REQUIRE(older);
  REQUIRE(newer);
  CHECK(signNote(*older, signing->key) == five);
  CHECK(signNote(*newer, signing->key) == eight);
  std::vector<NodeHash> proof;
  for (const char* hex : {"b9e1d62618f7fee8034e4c5010f727ab24d8e4705cb296c374bf2025a87a10d2",
                          "aac66cd7a79ce4012d80762fe8eec3a77f22d1ca4145c3f4cee022e7efcd599d",
                          "89d0f753f66a290c483b39cd5e9eafb12021293395fad3d4a2ad053cfbcfdc9e",
                          "29e40bb79c966f4c6fe96aff6f30acfce5f3e8d84c02215175d6e018a5dee833"}) {
    std::memcpy(proof.emplace_back().data(), bytesOfHex(hex)->data(), 32);
  }
  CHECK(verifyConsistency(older->size, older->root, newer->size, newer->root, proof));
  std::swap(proof[0], proof[1]);
  CHECK_FALSE(verifyConsistency(older->size, older->root, newer->size, newer->root, proof));
}
