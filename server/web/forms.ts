/** The parts of forms: each has a label, and what is said of it is read out with it. */
import { isId } from '#kernel/read/operators.ts'
import { type Html, html } from '#text/html.ts'

/** What every part can have said of it. */
interface Said {
  readonly label: string
  readonly name: string
  /** How to fill it in. */
  readonly hint?: string | Html | undefined
  /** What is wrong with what was filled in. */
  readonly error?: string | undefined
}

interface Field extends Said {
  readonly value?: string | null | undefined
  readonly type?: 'text' | 'password' | 'email' | 'url' | 'number' | 'date'
  readonly autocomplete?: string
  readonly inputmode?: 'numeric' | 'text'
  readonly required?: boolean
  readonly autofocus?: boolean
  /** For what is typed letter by letter: names, codes, addresses. */
  readonly literal?: boolean
  /** The id of something else on the page that says what is wrong. */
  readonly describedBy?: string | false | undefined
}

/** What is said below a part. */
const below = ({ name, hint, error }: Said): Html =>
  html`${
    error &&
    html`
<p class="wrong" id="${name}-error">${error}</p>`
  }${
    hint &&
    html`
<p class="hint" id="${name}-hint">${hint}</p>`
  }`

/** The attributes that lead from a part to what is said of it. */
function told({ name, hint, error }: Said, other?: string | false): Html {
  const ids = [error && `${name}-error`, hint && `${name}-hint`, other].filter(Boolean).join(' ')
  return html`${error && html` aria-invalid="true"`}${ids && html` aria-describedby="${ids}"`}`
}

/** A line to fill in. A password is never put into a page. */
export function field(it: Field): Html {
  const { label, name, value, type = 'text', autocomplete, inputmode, required, autofocus, literal, describedBy } = it
  const given = type === 'password' ? null : value
  return html`<label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="${type}"${given && html` value="${given}"`}${autocomplete && html` autocomplete="${autocomplete}"`}${inputmode && html` inputmode="${inputmode}"`}${literal && html` autocapitalize="none" spellcheck="false"`}${required && html` required`}${autofocus && html` autofocus`}${told(it, describedBy)}>${below(it)}
`
}

/** Some lines to fill in. */
export const area = (it: Said & { value?: string | null | undefined; required?: boolean }): Html =>
  html`<label for="${it.name}">${it.label}</label>
<textarea id="${it.name}" name="${it.name}" spellcheck="false"${it.required && html` required`}${told(it)}>
${it.value}</textarea>${below(it)}
`

/** One of several. */
export const choice = (
  it: Said & { value: string | null | undefined; options: readonly (readonly [value: string, label: string])[] },
): Html =>
  html`<label for="${it.name}">${it.label}</label>
<select id="${it.name}" name="${it.name}"${told(it)}>${it.options.map(
    ([value, label]) => html`
<option value="${value}"${value === (it.value ?? '') && html` selected`}>${label}</option>`,
  )}
</select>${below(it)}
`

/** Yes or no; or, with a value of its own, one of several that can be chosen together. */
export function check(it: Said & { checked: boolean; value?: string; radio?: boolean }): Html {
  const { label, name, value = '1', checked, radio } = it
  const id = it.value === undefined ? name : `${name}-${it.value}`
  return html`<div class="check">
<input type="${radio ? 'radio' : 'checkbox'}" id="${id}" name="${name}" value="${value}"${checked && html` checked`}${told({ ...it, name: id })}>
<label for="${id}">${label}</label>${below({ ...it, name: id })}
</div>
`
}

/** The id that a form or an address names; that of nothing where it names none. */
export const idIn = (text: string | null | undefined): number => (isId(text ?? '') ? Number(text) : 0)

/** Something that goes along unseen. */
export const hidden = (name: string, value: string | null | undefined): Html | undefined =>
  value === null || value === undefined ? undefined : html`<input type="hidden" name="${name}" value="${value}">`
