/** The catalogues of all languages: the list of patterns is current, and translations have what their patterns have. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { bareTextsIn, patternsFile, patternsIn } from '../../scripts/messages.ts'
import { all } from '../../server/text/languages/index.ts'

test('the list of patterns is that of the sources; `npm run messages` writes it', async () => {
  const written = readFileSync(new URL('../../server/text/languages/patterns.ts', import.meta.url), 'utf8')
  assert.equal(written, await patternsFile())
})

test('patterns are found in templates of messages and of HTML; a singular is not one of them', () => {
  const source = `
    const a: Message = said\`The login "\${login}" is in use.\`
    const b = plural(n as number, said\`\${n} day\`, said\`\${n} days\`)
    const c = html\`<p title="Menu" class="x">Hello <em>\${name}</em>!</p>\${d}<code>no</code>\``
  assert.deepEqual(patternsIn(source), ['The login "{0}" is in use.', '{0} days', 'Menu', 'Hello <em>{0}</em>!'])
})

test('no template of HTML holds a text that is no message', () => {
  const source = `html\`<p class="\${x ? 'a' : 'b'}" title="\${y ?? 'one'}">\${z ? said\`A\` : 'two'}\${f('three')}\${'a ' + n}</p>\``
  assert.deepEqual(bareTextsIn(source), ['one', 'two', 'a '])
  for (const path of globSync('server/**/*.ts')) assert.deepEqual(bareTextsIn(readFileSync(path, 'utf8')), [], path)
})

const placesIn = (text: string) => [...new Set(text.match(/\{\d+\}/g))].sort()
const tagsIn = (text: string) =>
  (text.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/(title|aria-label)="[^"]*"/g, '')).sort()

for (const [language, catalogue] of Object.entries(all)) {
  test(`${language}: a translation has the values and the tags of its pattern, in each of its forms`, () => {
    const rules = new Intl.PluralRules(language).resolvedOptions().pluralCategories
    for (const [pattern, translation] of Object.entries(catalogue)) {
      const forms: Readonly<Record<string, string>> = typeof translation === 'string' ? { other: translation } : translation
      if (typeof translation !== 'string') assert.deepEqual(Object.keys(forms).sort(), [...rules].sort(), pattern)
      for (const [form, text] of Object.entries(forms)) {
        // Of one thing its number need not be said.
        const isOne = form === 'one' && placesIn(text).length === 0
        if (!isOne) assert.deepEqual(placesIn(text), placesIn(pattern), pattern)
        assert.deepEqual(tagsIn(text), tagsIn(pattern), pattern)
        assert.deepEqual(text.match(/^\s*|\s*$/g), pattern.match(/^\s*|\s*$/g), pattern)
      }
    }
  })
}
