/** The stores, by themselves: the contract that all of them meet. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { folderStore } from '#files/folder.ts'
import { memoryStore } from '#files/memory.ts'
import { type Bytes, newName } from '#files/store.ts'

const root = await mkdtemp(join(tmpdir(), 'halyard-files-'))
after(() => rm(root, { recursive: true }))

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}
async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half')
  throw new Error('The sender has gone.')
}
const text = async (bytes: Bytes | undefined) => bytes && Buffer.concat(await Array.fromAsync(bytes)).toString()

for (const [what, store] of [
  ['a folder', folderStore(join(root, 'kept'))],
  ['memory', memoryStore()],
] as const) {
  describe(`files in ${what}`, () => {
    test('are stored completely, read as a whole and by range, and removed', async () => {
      const name = newName()
      await store.write(name, pieces('0123', '', '456789'))
      assert.equal(await text(await store.read(name)), '0123456789')
      assert.equal(await text(await store.read(name, { start: 2, end: 4 })), '234')
      await store.remove(name)
      assert.equal(await store.read(name), undefined)
      await store.remove(name)
    })

    test('may be empty', async () => {
      const name = newName()
      await store.write(name, pieces())
      assert.equal(await text(await store.read(name)), '')
    })

    test('do not exist after a failed write', async () => {
      const name = newName()
      await assert.rejects(store.write(name, broken()), /has gone/)
      assert.equal(await store.read(name), undefined)
    })

    test('accept only generated names', async () => {
      for (const name of ['../x', '', '/etc/passwd', `${newName()}/..`]) {
        await assert.rejects(store.write(name, pieces('x')), /not a name/)
      }
    })
  })
}

describe('a folder of files', () => {
  const folder = join(root, 'own')
  const store = folderStore(folder)

  test('has nested folders, private files, and no incomplete ones', async () => {
    const name = newName()
    await store.write(name, pieces('x'))
    await assert.rejects(store.write(newName(), broken()))
    const place = join(folder, name.slice(0, 2), name.slice(2, 4), name)
    assert.equal((await stat(place)).mode & 0o777, 0o600)
    assert.deepEqual(await readdir(join(folder, 'incoming')), [])
  })

  test('does not follow symbolic links to the outside', async () => {
    const name = newName()
    await store.write(name, pieces('x'))
    const other = name.slice(0, 4) + newName().slice(4)
    await symlink('/etc/hostname', join(folder, other.slice(0, 2), other.slice(2, 4), other))
    assert.equal(await store.read(other), undefined)
  })
})
