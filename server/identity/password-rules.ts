/** Password rules of the settings. */
import type { PasswordRule, Settings } from '#kernel/settings.ts'
import { type Message, said } from '#text/messages.ts'

/** Maximum length, so that nobody makes the server hash whole files. */
const LONGEST = 1024

const classes: Record<PasswordRule, RegExp> = {
  lowercase: /\p{Ll}/u,
  uppercase: /\p{Lu}/u,
  numeric: /\p{N}/u,
  special: /[^\p{L}\p{N}]/u,
}

/** Faults of a password, as predicates; empty for a valid one. */
export function weaknesses(password: string, settings: Settings): Message[] {
  const { password_min_length: least, password_active_rules: rules, password_min_adhered_rules: needed } = settings
  const length = [...password].length
  const kept = rules.filter((rule) => classes[rule].test(password)).length
  return [
    ...(length < least ? [said`is too short (minimum is ${least} characters)`] : []),
    ...(length > LONGEST ? [said`is too long (maximum is ${LONGEST} characters)`] : []),
    ...(kept < needed ? [said`must contain characters of at least ${needed} of these classes: ${rules}`] : []),
  ]
}
