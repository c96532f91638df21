// An independent verifier of a log: golang.org/x/mod/sumdb/{note,tlog}, unmodified, and this harness around it.
//
//	interop_tlog VKEY URL|DIR           verifies every entry, every tile and proofs between sizes
//	interop_tlog VKEY --receipt FILE    verifies one c2sp.org/tlog-proof@v1
//
// Exit 0: all of it verifies. 4: it does not, and the line says what. 3: something cannot be read.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

var errAbsent = errors.New("not found")

type source func(path string) ([]byte, error)

func isURL(where string) bool {
	return strings.HasPrefix(where, "http://") || strings.HasPrefix(where, "https://")
}

func sourceOf(where string) source {
	if isURL(where) {
		return func(path string) ([]byte, error) {
			answer, err := http.Get(strings.TrimRight(where, "/") + "/" + path)
			if err != nil {
				return nil, err
			}
			defer answer.Body.Close()
			if answer.StatusCode != 200 {
				return nil, fmt.Errorf("%s: %w (%d)", path, errAbsent, answer.StatusCode)
			}
			return io.ReadAll(answer.Body)
		}
	}
	return func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(where, path)) }
}

// The paths of x/mod have the tile height in them; C2SP's have not.
func pathOf(tile tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
}

type reader struct{ read source }

func (r reader) Height() int { return height }
func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range tiles {
		data, err := r.read(pathOf(tile))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}
func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}

func check(what string, err error) {
	if err != nil {
		fmt.Printf("interop: %s: %v\n", what, err)
		os.Exit(4)
	}
}

// tlog.ParseTree insists on the first line of Go's own log.
func treeOf(text, origin string) (tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != origin || lines[3] != "" {
		return tlog.Tree{}, errors.New("not the three lines of this origin")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

func open(checkpoint []byte, verifier note.Verifier) tlog.Tree {
	opened, err := note.Open(checkpoint, note.VerifierList(verifier))
	check("the checkpoint's signature", err)
	tree, err := treeOf(opened.Text, verifier.Name())
	check("the checkpoint", err)
	return tree
}

func entriesOf(bundle []byte, count int) ([][]byte, error) {
	var out [][]byte
	for len(bundle) >= 2 {
		length := int(binary.BigEndian.Uint16(bundle))
		if len(bundle) < 2+length {
			return nil, errors.New("an entry is cut off")
		}
		out = append(out, bundle[2:2+length])
		bundle = bundle[2+length:]
	}
	if len(bundle) != 0 || len(out) != count {
		return nil, fmt.Errorf("%d entries and %d bytes, where %d entries belong", len(out), len(bundle), count)
	}
	return out, nil
}

// Every entry against its hash in a tile that is authenticated up to the root, and the whole tree once more
// from the entries alone.
func verifyEntries(tree tlog.Tree, read source, hashes tlog.HashReader) {
	var stored []tlog.Hash
	for first := int64(0); first < tree.N; first += 256 {
		count := int64(256)
		if tree.N-first < count {
			count = tree.N - first
		}
		tile := tlog.Tile{H: height, L: 0, N: first / 256, W: int(count)}
		path := strings.Replace(pathOf(tile), "tile/0/", "tile/entries/", 1)
		data, err := read(path)
		check(path, err)
		entries, err := entriesOf(data, int(count))
		check(path, err)
		var wanted []int64
		for i := range entries {
			wanted = append(wanted, tlog.StoredHashIndex(0, first+int64(i)))
		}
		named, err := hashes.ReadHashes(wanted)
		check(pathOf(tile), err)
		for i, entry := range entries {
			if tlog.RecordHash(entry) != named[i] {
				check(fmt.Sprintf("record %d", first+int64(i)), errors.New("is not the one in the tree"))
			}
			more, err := tlog.StoredHashes(first+int64(i), entry, tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
				var out []tlog.Hash
				for _, index := range at {
					out = append(out, stored[index])
				}
				return out, nil
			}))
			check("the tree", err)
			stored = append(stored, more...)
		}
	}
	own, err := tlog.TreeHash(tree.N, tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, index := range at {
			out = append(out, stored[index])
		}
		return out, nil
	}))
	check("the tree", err)
	if own != tree.Hash {
		check("the root", errors.New("does not follow from the entries"))
	}
}

// Every tile byte for byte, as tlog would have written it: over HTTP of every width there ever was, as files those
// of this size.
func verifyTiles(tree tlog.Tree, read source, hashes tlog.HashReader, everyWidth bool) int {
	count := 0
	for _, tile := range tlog.NewTiles(height, 0, tree.N) {
		there := tree.N>>(height*tile.L) - tile.N<<height
		if !everyWidth && tile.W < 1<<height && int64(tile.W) < there {
			continue
		}
		count++
		served, err := read(pathOf(tile))
		check(pathOf(tile), err)
		own, err := tlog.ReadTileData(tile, hashes)
		check(pathOf(tile), err)
		if !bytes.Equal(served, own) {
			check(pathOf(tile), errors.New("other bytes than the tree's"))
		}
	}
	return count
}

func verifyProofs(tree tlog.Tree, hashes tlog.HashReader) {
	for _, at := range []int64{0, 1, 255, 256, 257, 65535, 65536, 65537, tree.N / 2, tree.N - 2, tree.N - 1} {
		if at < 0 || at >= tree.N {
			continue
		}
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, at)})
		check("a leaf", err)
		record, err := tlog.ProveRecord(tree.N, at, hashes)
		check("an inclusion proof", err)
		check("an inclusion proof", tlog.CheckRecord(record, tree.N, tree.Hash, at, leaf[0]))
		if at == 0 {
			continue
		}
		older, err := tlog.TreeHash(at, hashes)
		check("an older root", err)
		proof, err := tlog.ProveTree(tree.N, at, hashes)
		check("a consistency proof", err)
		check("a consistency proof", tlog.CheckTree(proof, tree.N, tree.Hash, at, older))
	}
}

func verifyReceipt(file string, verifier note.Verifier) {
	content, err := os.ReadFile(file)
	check("the receipt", err)
	head, checkpoint, found := strings.Cut(string(content), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		check("the receipt", errors.New("not a tlog-proof"))
	}
	extra, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	check("the record", err)
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	check("the index", err)
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		check("a hash of the proof", err)
		proof = append(proof, hash)
	}
	tree := open([]byte(checkpoint), verifier)
	check("the proof", tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(extra)))
	fmt.Printf("interop: record %d stands in the tree of %d\n", index, tree.N)
}

func main() {
	if len(os.Args) < 3 {
		fmt.Println("usage: interop_tlog VKEY URL|DIR, or VKEY --receipt FILE")
		os.Exit(2)
	}
	verifier, err := note.NewVerifier(os.Args[1])
	check("the key", err)
	if os.Args[2] == "--receipt" && len(os.Args) == 4 {
		verifyReceipt(os.Args[3], verifier)
		return
	}
	read := sourceOf(os.Args[2])
	checkpoint, err := read("checkpoint")
	if err != nil {
		fmt.Println("interop:", err)
		os.Exit(3)
	}
	tree := open(checkpoint, verifier)
	hashes := tlog.TileHashReader(tree, reader{read})
	verifyEntries(tree, read, hashes)
	tiles := verifyTiles(tree, read, hashes, isURL(os.Args[2]))
	verifyProofs(tree, hashes)
	fmt.Printf("interop: %d records and %d tiles verify\n", tree.N, tiles)
}
