/** Rendering takes bounded time and space for any text. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { renderMarkdown } from '#text/markdown.ts'
import { renderPlain } from '#text/plain.ts'

const MILLISECONDS = 2000

function rendersInTime(name: string, raw: string, check: (html: string) => void = () => {}) {
  test(name, () => {
    const [start, used] = [performance.now(), process.cpuUsage()]
    const html = renderMarkdown(raw)
    const { user, system } = process.cpuUsage(used)
    // Processor time is accepted as well, since other programs may delay this process.
    const duration = Math.min(performance.now() - start, (user + system) / 1000)
    assert.ok(duration < MILLISECONDS, `took ${Math.round(duration)} ms`)
    check(html)
  })
}

/** The unit repeated to `length` characters. */
const filled = (unit: string, length: number) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length)

// `equal` and `match` would print a million characters.
const isPlain = (raw: string) => (html: string) => assert.ok(html === renderPlain(raw), 'not plain text')
const contains = (piece: string) => (html: string) => assert.ok(html.includes(piece), `no ${piece}`)

describe('long texts', () => {
  const longest = filled('A rather long line with a little *markup* in it.\n\n', 1_000_000)
  rendersInTime('a million characters are rendered as markdown', longest, contains('<em>markup</em>'))
  rendersInTime('more characters are rendered as plain text', `${longest}.`, isPlain(`${longest}.`))
  for (const unit of ['word ', '<b>', '[', 'https://a.example ', 'a\n\n', '&'])
    rendersInTime(`five million characters of ${JSON.stringify(unit)}`, filled(unit, 5_000_000))
})

describe('texts made of markup', () => {
  const units =
    '> |>|[|![|]|[a](|[a](<|[a][|*a **a |**x* |*_|~~a |`|`a``b|<|<!--|<![CDATA[|<?|<b>|<b><i>|</b>|<a x |<a b="|<div>\n'
      .split('|')
      .concat(['- ', '- a\n', '- [ ] a\n', '1. ', '\\', '&#x41;', '|', 'a@b.example ', ' @a', ' #1', 'https://a.b/(', 'www.a.b '])
  for (const unit of units) {
    rendersInTime(`100,000 characters of ${JSON.stringify(unit)}`, filled(unit, 100_000))
    rendersInTime(`1,000,000 characters of ${JSON.stringify(unit)}`, filled(unit, 1_000_000))
  }
  const dense = filled('[a] ', 300_000)
  rendersInTime('too much markup is rendered as plain text', dense, isPlain(dense))
  const prose = filled(
    '- A sentence of the usual length with a [link](/wiki) in it, and **more** of the same after that.\n',
    800_000,
  )
  rendersInTime('a long text of ordinary markup is rendered as markdown', prose, contains('<strong>more</strong>'))
})

describe('nesting', () => {
  rendersInTime('nested quotes have a maximum depth', filled('>', 100_000), (html) =>
    assert.ok((html.match(/<blockquote/g) ?? []).length <= 100),
  )
  const deep = `${'<div>'.repeat(300)}a`
  rendersInTime('elements nested too deeply are rendered as plain text', deep, isPlain(deep))
  rendersInTime('many elements in deeply nested ones', `${'<b>'.repeat(200)}${'<i></i>'.repeat(12_000)}`)
})

describe('texts with large output', () => {
  const repeated = `[a]: /${'b'.repeat(50_000)}\n\n${'[a] '.repeat(12_000)}`
  rendersInTime('a long address used often is rendered as plain text', repeated, isPlain(repeated))
  const images = `[a]: /b "${'c'.repeat(50_000)}"\n\n${'![a] '.repeat(9_000)}`
  rendersInTime('a long title used often is rendered as plain text', images, isPlain(images))
  const wide = `${'|a'.repeat(2_000)}|\n${'|-'.repeat(2_000)}|\n${'|\n'.repeat(10_000)}`
  rendersInTime('short rows of a wide table', wide, (html) => assert.ok(html.length < 10_000_000))
})
