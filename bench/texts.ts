/** Made-up texts: names, subjects and descriptions. */
import { pick, type Random } from './random.ts'

const verbs =
  'Add Allow Avoid Change Check Clarify Compare Correct Describe Draw Explain Extend Fix Improve Install Measure Merge Move Order Prepare Print Remove Rename Repair Replace Review Sort Test Translate Update'.split(
    ' ',
  )
const adjectives =
  'annual broken central daily empty external final former general hidden internal large late local main missing monthly new obsolete old optional outdated printed public regional second shared slow technical weekly'.split(
    ' ',
  )
export const nouns =
  'address agreement archive booking bridge budget calendar campaign catalogue contract customer dashboard delivery device engine export firewall forecast gearbox handbook import index invoice label ledger licence machine manual meeting message network newsletter office order password permit plan platform printer process product protocol pump quota receipt report request roof safety sample schedule sensor server shipment signature station storage survey switch template terminal ticket timetable training valve vehicle warehouse website window workshop'.split(
    ' ',
  )
const links = 'before behind beside during for from in inside near of on under with without'.split(' ')

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)
const nameFrom = (list: readonly string[], i: number) => capital(list[i % list.length] as string)

/** First and last name of the `i`th user; no two have both alike. */
export const personName = (i: number): [first: string, last: string] => [
  nameFrom(verbs, i),
  nameFrom(nouns, i * 7 + Math.floor(i / verbs.length)),
]

/** The name of the `i`th project. */
export const projectName = (random: Random, i: number): string =>
  `${capital(pick(random, adjectives))} ${pick(random, nouns)} ${i}`

/** A subject of five to seven words; the second and third are an adjective and a noun. */
export function subject(random: Random): string {
  const words = [pick(random, verbs), pick(random, adjectives), pick(random, nouns), pick(random, links), pick(random, nouns)]
  if (random() < 0.5) words.push(pick(random, links), pick(random, nouns))
  return words.join(' ')
}

/** A made-up name of three syllables: a few are frequent and most are rare, like words. */
function madeUp(random: Random): string {
  const place = Math.floor(NAMES * random() ** 3)
  const syllable = (n: number) => `${'bdfgklmnprstvz'.charAt(n % 14)}${'aeiou'.charAt(Math.floor(n / 14) % 5)}`
  return capital(syllable(place) + syllable(Math.floor(place / 70)) + syllable(place * 31))
}
const NAMES = 4900

/** A rare such name and the word beside it in a description. */
export function rarePair(text: string): string[] {
  const [, noun, named] = / (\w+)\*\* for (\w+),/.exec(text)!
  return [named!, noun!]
}

/** About 300 characters of markdown: a paragraph with bold words, a name and a link, and a list. */
export function description(random: Random): string {
  const sentence = () => `${subject(random)}.`
  return `${sentence()} ${sentence()} **${pick(random, adjectives)} ${pick(random, nouns)}** for ${madeUp(random)}, see [the ${pick(random, nouns)}](https://example.net/${pick(random, nouns)}).

- ${subject(random)}
- ${subject(random)}
- ${subject(random)}

${sentence()} ${sentence()}`
}

/** Words that occur nowhere but in the sentences of `planted`: in all descriptions, in one of 11 and in one of 1,000. */
export const plantedWords = {
  all: ['requested', 'telephone', 'helpdesk'],
  eleventh: ['login', 'timesheet', 'firmware'],
  thousandth: ['escalation', 'arbitration', 'embargo'],
} as const

/** The sentences with planted words for the description of the `i`th work package. */
export function planted(i: number): string {
  const about = [plantedWords.eleventh[i % 11], plantedWords.thousandth[(i % 1000) / 300]].filter((word) => word !== undefined)
  return `\n\nRequested by telephone through the helpdesk.${about.map((word) => ` It is about the ${word}.`).join('')}`
}
