// Proofs of ours held against those of npm's @transmute/rfc9162, unmodified: byte for byte, and by its verifiers.
//
//   node rfc9162.js DIR PROOFS     DIR: an export of the log; PROOFS: JSON, see below
//
// PROOFS = {"inclusion": [{"index", "size", "proof"}], "consistency": [{"older", "newer", "proof"}]}, hashes in hex.
// Exit 0: it agrees with all of it. 4: it does not, and the line says where. 3: something cannot be read.
//
// It differs from RFC 9162 in one place, which is allowed for and nothing else: where the older tree is one whole
// subtree of the newer, its proofs begin with the older root, which the RFC leaves out since the reader has it.
'use strict'
const fs = require('fs')
const path = require('path')
const { RFC9162, CoMETRE } = require('@transmute/rfc9162')

const WIDTH = 256
const hex = (bytes) => Buffer.from(bytes).toString('hex')
const bytesOf = (text) => new Uint8Array(Buffer.from(text, 'hex'))

class Disagreement extends Error {}
const need = (condition, what) => {
  if (!condition) throw new Disagreement(what)
}

function checkpointOf (dir) {
  const lines = fs.readFileSync(path.join(dir, 'checkpoint'), 'utf8').split('\n')
  return { size: Number(lines[1]), root: Buffer.from(lines[2], 'base64').toString('hex') }
}

function bundlePath (index, width) {
  const groups = [String(index % 1000).padStart(3, '0')]
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift('x' + String(rest % 1000).padStart(3, '0'))
  }
  return 'tile/entries/' + groups.join('/') + (width < WIDTH ? '.p/' + width : '')
}

async function leavesOf (dir, size) {
  const leaves = []
  for (let first = 0; first < size; first += WIDTH) {
    const width = Math.min(WIDTH, size - first)
    const file = path.join(dir, bundlePath(first / WIDTH, width))
    need(fs.existsSync(file), `bundle ${first / WIDTH} is not there`)
    const bundle = fs.readFileSync(file)
    let at = 0
    for (let i = 0; i < width; ++i) {
      need(at + 2 <= bundle.length, `bundle ${first / WIDTH} is cut`)
      const end = at + 2 + bundle.readUInt16BE(at)
      need(end <= bundle.length, `bundle ${first / WIDTH} is cut`)
      leaves.push(await CoMETRE.RFC9162_SHA256.leaf(new Uint8Array(bundle.subarray(at + 2, end))))
      at = end
    }
    need(at === bundle.length, `bundle ${first / WIDTH} holds more than its entries`)
  }
  return leaves
}

// Roots of the sizes that are asked about, each made once.
function rootsOf (leaves) {
  const known = new Map()
  return async (size) => {
    if (!known.has(size)) known.set(size, await CoMETRE.RFC9162_SHA256.root(leaves.slice(0, size)))
    return known.get(size)
  }
}

const same = (own, ours, what) =>
  need(own.length === ours.length && own.every((hash, i) => hex(hash) === ours[i]), what + ' has other hashes')

async function checkInclusion (leaves, rootOf, probe) {
  const what = `the inclusion proof of ${probe.index} in ${probe.size}`
  const own = await CoMETRE.RFC9162_SHA256.inclusion_proof(probe.index, leaves.slice(0, probe.size))
  same(own.inclusion_path, probe.proof, what)
  const ours = { ...own, inclusion_path: probe.proof.map(bytesOf) }
  need(await RFC9162.verifyInclusionProof(await rootOf(probe.size), leaves[probe.index], ours), what + ' does not verify')
}

async function checkConsistency (leaves, rootOf, probe) {
  const what = `the consistency proof from ${probe.older} to ${probe.newer}`
  const own = await CoMETRE.RFC9162_SHA256.consistency_proof({ tree_size: probe.older }, leaves.slice(0, probe.newer))
  const older = await rootOf(probe.older)
  const perfect = Number.isInteger(Math.log2(probe.older))
  const whole = perfect ? [hex(older), ...probe.proof] : probe.proof
  same(own.consistency_path, whole, what)
  const ours = { ...own, consistency_path: whole.map(bytesOf) }
  need(await RFC9162.verifyConsistencyProof(older, await rootOf(probe.newer), ours), what + ' does not verify')
}

async function main (dir, file) {
  const { size, root } = checkpointOf(dir)
  need(Number.isSafeInteger(size) && size > 0, 'the checkpoint has no size')
  const proofs = JSON.parse(fs.readFileSync(file, 'utf8'))
  const leaves = await leavesOf(dir, size)
  const rootOf = rootsOf(leaves)
  need(hex(await rootOf(size)) === root, 'the root does not follow from the entries')
  for (const probe of proofs.inclusion) await checkInclusion(leaves, rootOf, probe)
  for (const probe of proofs.consistency) await checkConsistency(leaves, rootOf, probe)
  console.log(`interop: ${size} records, ${proofs.inclusion.length} inclusion and ` +
    `${proofs.consistency.length} consistency proofs agree`)
}

main(process.argv[2], process.argv[3]).catch((error) => {
  console.log('interop: ' + error.message)
  process.exit(error instanceof Disagreement ? 4 : 3)
})
