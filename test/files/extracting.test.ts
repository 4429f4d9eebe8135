/** Malicious files: limits of the extraction process, and its isolation. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { confined, textOf } from '#files/contents/extract.ts'
import { archive, bomb, pdf } from './documents.ts'

async function* once(bytes: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield Buffer.from(bytes)
}

describe('the extraction ends', () => {
  const tooMuch = /took more than there is for one file \(SIG/

  test('after the time limit', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('On and on')
      await new Promise((resolve) => setTimeout(resolve, 30_000).unref())
    }
    await assert.rejects(textOf('plain', endless(), { seconds: 0.3 }), tooMuch)
  })

  test('for a PDF page that decompresses beyond the memory limit', async () => {
    await assert.rejects(textOf('pdf', once(pdf(bomb(' ', 1500)))), tooMuch)
  })

  test('for endlessly nested elements', async () => {
    await assert.rejects(textOf('xml', once('<a>'.repeat(8_000_000)), { seconds: 2 }), tooMuch)
  })
})

test('parts of an archive are read up to a limit', async () => {
  const part = bomb('<a:t>x</a:t>', 20)
  const slides = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`ppt/slides/slide${i + 1}.xml`, part]))
  const text = await textOf('pptx', once(archive({ ...slides, 'ppt/slides/slide0.xml': '<a:t>First</a:t>' })))
  assert.match(text, /^First x/)
  assert.ok(text.length <= 1_000_000)
})

test('the process has no secrets, no network, and no files but its own', async () => {
  const tries = {
    secrets: 'process.env.HALYARD_SECRET',
    files: 'fs.readFileSync("/etc/passwd")',
    writing: 'fs.writeFileSync(os.tmpdir() + "/halyard-was-here", "")',
    processes: 'child_process.execSync("true")',
    network: 'await new Promise((_, refuse) => net.connect(1, "127.0.0.1").on("error", refuse))',
    code: 'new Function("return 1")()',
  }
  const script = `
    const { default: fs } = await import('node:fs'), os = await import('node:os'), net = await import('node:net'), child_process = await import('node:child_process')
    const told = {}
    ${Object.entries(tries)
      .map(
        ([what, code]) =>
          `try { told.${what} = ${code} ?? 'nothing' } catch (error) { told.${what} = error.cause?.code ?? error.code ?? error.name }`,
      )
      .join('\n')}
    console.log(JSON.stringify(told))`
  const { stdout } = await promisify(execFile)(process.execPath, [...confined, '--input-type=module', '-e', script], { env: {} })
  assert.deepEqual(JSON.parse(stdout), {
    secrets: 'nothing',
    files: 'ERR_ACCESS_DENIED',
    writing: 'ERR_ACCESS_DENIED',
    processes: 'ERR_ACCESS_DENIED',
    network: 'ERR_ACCESS_DENIED',
    code: 'EvalError',
  })
})
