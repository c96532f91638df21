#!/usr/bin/env python3
"""Holds the source tree against the rules of the house that a compiler does not know.

  scripts/house_rules.py               prints each breach as FILE:LINE: what, and what to do instead; exit 1 if any
  scripts/house_rules.py --self-test   shows each rule a breach and a clean tree
"""
import datetime
import pathlib
import re
import subprocess
import sys
import tempfile

HEADER_LINES_MAX = 250
SOURCE_LINES_MAX = 600
PROMISES = range(1, 12)

# Layer -> the layers below it that it may include. What is not named here may not be included.
LAYERS = {
    "base": [],
    "crypto": ["base"],
    "record": ["base", "crypto"],
    "event": ["base", "crypto", "record"],
    "proof": ["base", "crypto", "record"],
    "vault": ["base", "crypto", "record", "proof"],
    "store": ["base", "crypto", "record", "proof"],
    "register": ["base", "crypto", "record", "event"],
    "person": ["base", "crypto", "record", "event", "register"],
    "net": ["base"],
    "ledger": ["base", "crypto", "record", "event", "proof", "vault", "store", "register", "person"],
}
LAYERS["service"] = LAYERS["ledger"] + ["ledger", "net"]  # daemon/*.{h,cc}: pipeline, access; no RPC
LAYERS["server"] = LAYERS["service"] + ["service"]  # daemon/{rpc,http,server,console}
LAYERS["main"] = LAYERS["server"] + ["server"]  # daemon/main.cc
LAYERS["tools"] = ["base", "crypto", "record", "event", "proof", "store", "register", "net"]  # a client: no vault, no daemon

# Other people's libraries -> the places whose files may name them.
LIBRARIES = {
    "kj": ["server", "tools", "ledger/record/event_codec.cc", "ledger/record/event_wire.h"],
    "capnp": ["server", "tools", "ledger/record/event_codec.cc", "ledger/record/event_wire.h"],
    "gate.capnp.h": ["server", "tools"],
    "event.capnp.h": ["server", "tools", "ledger/record/event_codec.cc", "ledger/record/event_wire.h"],
    "rocksdb": ["store", "ledger/vault/keys_db.cc", "ledger/vault/keys_db.h"],
    "sodium": ["crypto", "ledger/base/clock.cc"],
    "openssl": ["ledger/crypto/digest.cc", "ledger/crypto/sha256_stream.cc"],
    "curl": ["net"],
    "zlib.h": ["server"],
    "simdjson.h": ["event"],
    "toml++": ["register"],
    "date": ["ledger/base/civil.cc"],
    "phonenumbers": ["register"],
    "utf8proc.h": ["register", "tools"],
    "boost": ["server", "main", "tools"],
    "nlohmann": ["proof", "register", "person", "ledger", "service", "server", "main", "tools"],
}

# Word -> (where it is banned, where it may stand all the same, what to use instead).
BANNED = [  # RocksDB takes its file system as a shared_ptr: hence two files of the store
    (r"\bsystem_clock\b", "ledger daemon tools", ["ledger/base/clock.cc"], "take a Clock through the constructor"),
    (r"\bstd::rand\b|\bsrand\b|\brandom_device\b", "ledger daemon tools", [], "take an Entropy through the constructor"),
    (r"\[=[\],]", "ledger daemon tools", [], "name what the lambda captures"),
    (r"\bKJ_DBG\b", "ledger daemon tools tests", [], "a log line, or nothing"),
    (r"\bstd::cout\b", "ledger daemon", [], "the log hook; standard output belongs to tools/"),
    (r"\bstd::shared_ptr<(?!const\b)", "ledger daemon tools", ["ledger/store/indexes.h", "ledger/store/indexes.cc", "ledger/store/database.cc", "ledger/store/sealing_fs.cc"],
     "one owner (unique_ptr); only immutable values are shared"),
]
# In every text file, comments too. Spelt so that this file does not hold them itself.
ANYWHERE = [
    (r"\bFIX" r"ME\b|\bX" r"XX\b", "mend it, or TODO(soon|someday|perf) with the reason"),
    (r"(?<![\w.])/(?:work|home|root|Users)/\w", "no path of anybody's machine"),
    (r"\bTO" r"DO\b(?!\((?:soon|someday|perf)\)|\(soon\|someday\|perf\))", "TODO(soon|someday|perf)"),
]

# (rule, file) -> (until, reason). An exception that has run out is a breach again.
EXCEPTIONS = {
    ("budget", "tests/unit/verify_test.cc"): ("2027-03-31", "every damage that verification must find, side by side"),
}

SOURCE = re.compile(r"^(ledger|daemon|tools|tests)/.*\.(h|cc)$")


def layer_of(path):
    """The layer of a file of ours, or None for tests and the like."""
    parts = path.split("/")
    if parts[0] == "tools":
        return "tools"
    if parts[0] == "daemon":
        if path == "daemon/main.cc":
            return "main"
        return "service" if len(parts) == 2 else "server"
    if parts[0] == "ledger":
        if len(parts) == 2:
            return "ledger"
        if parts[1] == "record" and parts[2].startswith("event"):
            return "event"
        return parts[1]
    return None


def without_comments(text):
    """The code: comments and the insides of strings are blanked, lines stay where they are."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^()\s\\]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S)

    def blank(match):
        found = match.group(0)
        keep = "" if found.startswith("/") else found[0]
        return keep + re.sub(r"[^\n]", " ", found[len(keep):])

    return token.sub(blank, text)


class Tree:
    """Tracked files under a root, and the breaches found among them."""

    def __init__(self, root, today=None):
        self.root = pathlib.Path(root)
        self.today = today or datetime.date.today()
        self.breaches = []
        try:
            listed = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"], check=True,
                                    capture_output=True, text=True).stdout.split("\n")
        except (OSError, subprocess.CalledProcessError):  # a tree without git: an archive
            listed = [str(f.relative_to(root)) for f in self.root.rglob("*") if f.is_file()]
        self.files = sorted(f for f in listed if f and not f.startswith("build/") and (self.root / f).is_file())

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def breach(self, rule, path, line, what):
        until, _ = EXCEPTIONS.get((rule, path), (None, None))
        if until is None or datetime.date.fromisoformat(until) < self.today:
            self.breaches.append(f"{path}:{line}: {what} [{rule}]")

    def check(self):
        for path in self.files:
            if SOURCE.match(path):
                self.check_source(path)
            self.check_text(path)
        self.check_promises()
        self.check_places()
        self.check_names()
        return self.breaches

    def check_source(self, path):
        text = self.text(path)
        lines = text.count("\n")
        # What tests share is code in headers: the budget of sources.
        most = HEADER_LINES_MAX if path.endswith(".h") and not path.startswith("tests/") else SOURCE_LINES_MAX
        if lines > most:
            self.breach("budget", path, lines, f"{lines} lines, and {most} is the most; take it apart")
        own = path[:-3] + ".h"
        includes = [(text.count("\n", 0, m.start()) + 1, m.group(1)) for m in
                    re.finditer(r'^#include ([<"][^>"]+[>"])', text, re.M)]
        if path.endswith(".cc") and own in self.files and (not includes or includes[0][1] != f'"{own}"'):
            self.breach("own-header", path, 1, f"include {own} first")
        if path.endswith(".h") and "#pragma once" not in text:
            self.breach("own-header", path, 1, "#pragma once is missing")
        layer = layer_of(path)
        if layer is not None:
            for line, include in includes:
                self.check_include(path, layer, line, include)
        code = without_comments(text)
        for pattern, where, allowed, instead in BANNED:
            if path.split("/")[0] not in where.split() or path in allowed:
                continue
            for match in re.finditer(pattern, code):
                self.breach("banned", path, code.count("\n", 0, match.start()) + 1, f"{match.group(0).strip()}: {instead}")

    def check_include(self, path, layer, line, include):
        name = include[1:-1]
        if include[0] == '"':
            target = layer_of(name)
            if target is None:
                self.breach("layers", path, line, f"{name} is no part of the product")
            elif target != layer and target not in LAYERS.get(layer, []):
                self.breach("layers", path, line, f"{layer} may not include {target} ({name})")
            return
        library = name.split("/")[0]
        if library in LIBRARIES:
            places = LIBRARIES[library]
            if layer not in places and path not in places:
                self.breach("libraries", path, line, f"<{name}> may be named only in {', '.join(places)}")

    def check_text(self, path):
        if path.startswith("tests/fuzz/corpus/") or path == "LICENSE" or path.endswith((".png", ".bin")):
            return
        text = self.text(path)
        for pattern, instead in ANYWHERE:
            for match in re.finditer(pattern, text):
                self.breach("anywhere", path, text.count("\n", 0, match.start()) + 1, f"'{match.group(0)}': {instead}")

    def check_promises(self):
        tagged = {}
        for path in self.files:
            if not re.match(r"^tests/.*_test\.cc$", path):
                continue
            text = self.text(path)
            for match in re.finditer(r'\b(?:TEST_CASE(?:_METHOD)?|SCENARIO)\s*\((.*?)\)\s*\{', text, re.S):
                line = text.count("\n", 0, match.start()) + 1
                tags = re.findall(r"\[([^\[\]]+)\]", match.group(1).rsplit(",", 1)[-1])
                for tag in tags:
                    tagged.setdefault(tag, path)
                    if tag.startswith((".", "!")):
                        self.breach("tests", path, line, f"[{tag}] hides or excuses a test")
        for number in PROMISES:
            if f"P{number}" not in tagged:
                self.breach("promises", "tests", 0, f"no test attacks promise P{number}")

    def check_names(self):
        """Two classes of one name in one namespace: the linker mixes up their members and says nothing."""
        opens = re.compile(r"^(?:inline )?namespace\s*([\w:]*)\s*\{")
        defines = re.compile(r"^(?:struct|class|union|enum class)\s+(\w+)\s*(?:final\s*)?(?::[^:].*)?\{")
        seen = {}
        for path in self.files:
            if not SOURCE.match(path):
                continue
            spaces = []
            for line, text in enumerate(self.text(path).split("\n"), 1):
                if match := opens.match(text):
                    spaces.append(match.group(1))
                elif re.match(r"^\}\s*// namespace", text) and spaces:
                    spaces.pop()
                elif (match := defines.match(text)) and "" not in spaces:
                    name = "::".join([*spaces, match.group(1)])
                    if seen.setdefault(name, path) != path:
                        self.breach("names", path, line, f"{name} stands in {seen[name]} too; rename one")

    def check_places(self):
        for path in self.files:
            parts = path.split("/")
            if path.endswith(".cc") and parts[0] == "ledger" and len(parts) > 3:
                self.breach("places", path, 1, "deeper than the folders that CMake globs: it is never built")
            if parts[0] == "ledger" and len(parts) == 3 and path.endswith((".h", ".cc")) and layer_of(path) not in LAYERS:
                self.breach("places", path, 1, "a folder that is no layer")
            target = re.match(r"^tests/fuzz/(\w+)_fuzz\.cc$", path)
            if target and not any(f.startswith(f"tests/fuzz/corpus/{target.group(1)}/") for f in self.files):
                self.breach("places", path, 1, "a fuzz target without a committed corpus")
            corpus = re.match(r"^tests/fuzz/corpus/(\w+)/", path)
            if corpus and f"tests/fuzz/{corpus.group(1)}_fuzz.cc" not in self.files:
                self.breach("places", path, 1, "a corpus without a fuzz target")


def self_test():
    clean = {
        "ledger/base/bytes.h": "#pragma once\nnamespace {\nclass Same {\n};\n}  // namespace\n",
        "ledger/base/entry.h": "#pragma once\nnamespace a {\nclass Same {\n};\nstruct Entry : Same {\n};\n}  // namespace a\n",
        "ledger/base/bytes.cc": '#include "ledger/base/bytes.h"\n// system_clock in a comment is fine\nconst char* w = "std::rand";\n',
        "ledger/store/store.cc": '#include "ledger/proof/tiles.h"\n#include <rocksdb/db.h>\n',
        "daemon/rpc/gate.cc": '#include "daemon/service.h"\n#include <kj/async.h>\n',
        "daemon/main.cc": '#include "daemon/rpc/gate.h"\n',
        "tests/unit/a_test.cc": "".join(f'TEST_CASE("holds {n}", "[P{n}]") {{\n}}\n' for n in PROMISES),
        "tests/fuzz/record_fuzz.cc": "", "tests/fuzz/corpus/record/one": "1",
    }
    cases = [
        ("layers", "ledger/base/a.cc", '#include "ledger/crypto/digest.h"\n'),
        ("layers", "ledger/proof/a.cc", '#include "ledger/record/event.h"\n'),
        ("layers", "ledger/store/a.cc", '#include "ledger/vault/vault.h"\n'),
        ("layers", "ledger/ledger.cc", '#include "daemon/service.h"\n'),
        ("layers", "daemon/pipeline.cc", '#include "daemon/rpc/gate.h"\n'),
        ("layers", "tools/erase.cc", '#include "ledger/vault/vault.h"\n'),
        ("layers", "ledger/base/b.cc", '#include "tests/support/golden.h"\n'),
        ("libraries", "ledger/ledger.cc", "#include <kj/async.h>\n"),
        ("libraries", "daemon/pipeline.cc", "#include <capnp/rpc.h>\n"),
        ("libraries", "ledger/vault/vault.cc", "#include <rocksdb/db.h>\n"),
        ("libraries", "ledger/record/record.cc", "#include <event.capnp.h>\n"),
        ("own-header", "ledger/base/bytes.cc", '#include <vector>\n#include "ledger/base/bytes.h"\n'),
        ("own-header", "ledger/base/b.h", "int a;\n"),
        ("budget", "ledger/base/b.h", "#pragma once\n" * 251),
        ("budget", "tests/unit/b_test.cc", "\n" * 601),
        ("banned", "ledger/base/b.cc", "auto t = std::chrono::system_clock::now();\n"),
        ("banned", "daemon/access.cc", "auto f = [=]() {};\n"),
        ("banned", "daemon/access.cc", "std::shared_ptr<Ledger> ledger;\n"),
        ("banned", "ledger/base/b.cc", "int r = std::rand();\n"),
        ("banned", "ledger/base/b.cc", "void f() { std::cout << 1; }\n"),
        ("banned", "tests/unit/b_test.cc", "void f() { KJ_DBG(1); }\n"),
        ("anywhere", "README.md", "// FIX" "ME\n"),
        ("anywhere", "README.md", "see /wo" "rk/notes\n"),
        ("tests", "tests/unit/b_test.cc", 'TEST_CASE("hidden", "[.][P1]") {\n}\n'),
        ("promises", "tests/unit/a_test.cc", 'TEST_CASE("one", "[P1]") {\n}\n'),
        ("names", "ledger/base/b.h", "#pragma once\nnamespace a {\nstruct Entry {\n};\n}  // namespace a\n"),
        ("places", "ledger/base/deep/b.cc", "\n"),
        ("places", "ledger/stray/b.cc", "\n"),
        ("places", "tests/fuzz/page_fuzz.cc", "\n"),
        ("places", "tests/fuzz/corpus/none/x", "\n"),
    ]

    def breaches_of(files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                file = pathlib.Path(root) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            return Tree(root).check()

    failures = [f"clean tree: {b}" for b in breaches_of(clean)]
    for rule, path, text in cases:
        found = breaches_of({**clean, path: text})
        if not any(b.startswith(path.split("/")[0]) and b.endswith(f"[{rule}]") for b in found):
            failures.append(f"{rule}: not found in {path}: {text!r}; found {found}")
    EXCEPTIONS[("budget", "ledger/base/b.h")] = ("2000-01-01", "has run out")
    if not breaches_of({**clean, "ledger/base/b.h": "#pragma once\n" * 251}):
        failures.append("an exception that has run out still excuses")
    EXCEPTIONS[("budget", "ledger/base/b.h")] = ("9999-12-31", "stands")
    if breaches_of({**clean, "ledger/base/b.h": "#pragma once\n" * 251}):
        failures.append("an exception does not excuse")
    for failure in failures:
        print(failure)
    print(f"self-test: {len(cases) + 3 - len(failures)} rules hold, {len(failures)} do not")
    return 1 if failures else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        print(__doc__)
        return 0 if sys.argv[1:] == ["--help"] else 2
    breaches = Tree(pathlib.Path(__file__).resolve().parent.parent).check()
    for breach in breaches:
        print(breach)
    if breaches:
        print(f"{len(breaches)} breaches. The rules stand in scripts/house_rules.py; an exception is an entry there, with a date.")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
