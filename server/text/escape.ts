/** Escaping of text for HTML. */

const ENTITIES: (string | undefined)[] = []
for (const [character, entity] of Object.entries({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }))
  ENTITIES[character.charCodeAt(0)] = entity

const SPECIAL = /[&<>"']/

/** Any text made safe as HTML element content and inside quoted attribute values. */
export function escapeHtml(text: string): string {
  const first = text.search(SPECIAL)
  if (first < 0) return text
  // A loop, because `replace` takes several times as long for a text full of such characters.
  let html = ''
  let done = 0
  for (let i = first; i < text.length; i++) {
    const entity = ENTITIES[text.charCodeAt(i)]
    if (entity === undefined) continue
    if (done < i) html += text.slice(done, i)
    html += entity
    done = i + 1
  }
  return html + text.slice(done)
}
