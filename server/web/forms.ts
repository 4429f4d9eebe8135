/** Form controls: each has a label, and screen readers read its hint and error with it. */
import { isId } from '#kernel/read/operators.ts'
import { type Html, html } from '#text/html.ts'
import type { Message, Text } from '#text/messages.ts'

/** The texts of a control. */
interface Texts {
  readonly label: Message
  readonly name: string
  /** Explains how to fill in the control. */
  readonly hint?: Message | Html | undefined
  /** The error of the submitted value. */
  readonly error?: Message | undefined
}

interface Field extends Texts {
  readonly value?: string | null | undefined
  readonly type?: 'text' | 'password' | 'email' | 'url' | 'number' | 'date'
  readonly autocomplete?: string
  readonly inputmode?: 'numeric' | 'text'
  readonly required?: boolean
  readonly autofocus?: boolean
  /** Turns off autocorrection, for names, codes and addresses. */
  readonly literal?: boolean
  /** The id of another element that describes the error. */
  readonly describedBy?: string | false | undefined
}

/** The error and the hint below a control. */
const below = ({ name, hint, error }: Texts): Html =>
  html`${
    error &&
    html`
<p class="wrong" id="${name}-error">${error}</p>`
  }${
    hint &&
    html`
<p class="hint" id="${name}-hint">${hint}</p>`
  }`

/** The ARIA attributes that refer to the error and the hint of a control. */
function aria({ name, hint, error }: Texts, other?: string | false): Html {
  const ids = [error && `${name}-error`, hint && `${name}-hint`, other].filter(Boolean).join(' ')
  return html`${error && html` aria-invalid="true"`}${ids && html` aria-describedby="${ids}"`}`
}

/** A text field. A page never contains the value of a password field. */
export function field(it: Field): Html {
  const { label, name, value, type = 'text', autocomplete, inputmode, required, autofocus, literal, describedBy } = it
  const given = type === 'password' ? null : value
  return html`<label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="${type}"${given && html` value="${given}"`}${autocomplete && html` autocomplete="${autocomplete}"`}${inputmode && html` inputmode="${inputmode}"`}${literal && html` autocapitalize="none" spellcheck="false"`}${required && html` required`}${autofocus && html` autofocus`}${aria(it, describedBy)}>${below(it)}
`
}

/** A text area. */
export const area = (it: Texts & { value?: string | null | undefined; required?: boolean }): Html =>
  html`<label for="${it.name}">${it.label}</label>
<textarea id="${it.name}" name="${it.name}" spellcheck="false"${it.required && html` required`}${aria(it)}>
${it.value}</textarea>${below(it)}
`

/** A selection of one option. */
export const choice = (
  it: Texts & { value: string | null | undefined; options: readonly (readonly [value: string, label: Text])[] },
): Html =>
  html`<label for="${it.name}">${it.label}</label>
<select id="${it.name}" name="${it.name}"${aria(it)}>${it.options.map(
    ([value, label]) => html`
<option value="${value}"${value === (it.value ?? '') && html` selected`}>${label}</option>`,
  )}
</select>${below(it)}
`

/** A checkbox or radio button. With a `value`, several checkboxes can share a name. */
export function check(it: Texts & { checked: boolean; value?: string; radio?: boolean }): Html {
  const { label, name, value = '1', checked, radio } = it
  const id = it.value === undefined ? name : `${name}-${it.value}`
  return html`<div class="check">
<input type="${radio ? 'radio' : 'checkbox'}" id="${id}" name="${name}" value="${value}"${checked && html` checked`}${aria({ ...it, name: id })}>
<label for="${id}">${label}</label>${below({ ...it, name: id })}
</div>
`
}

/** The id in a form or an address; 0, which no row has, if the text is not an id. */
export const idIn = (text: string | null | undefined): number => (isId(text ?? '') ? Number(text) : 0)

/** A hidden field. */
export const hidden = (name: string, value: string | null | undefined): Html | undefined =>
  value === null || value === undefined ? undefined : html`<input type="hidden" name="${name}" value="${value}">`
