/** The language of a response: the user's, and as long as nobody is signed in, the one that the client prefers. */
import type { FastifyRequest } from 'fastify'
import type { Settings } from '#kernel/settings.ts'
import { acceptedLanguage, ENGLISH, firstLanguage, type Language } from '#text/messages.ts'

interface Choice {
  readonly language: Language
  /** Whether it is a user's, whatever the client prefers. */
  readonly isOwn: boolean
}

const choices = new WeakMap<FastifyRequest, Choice>()

/** The language that the client of a request prefers among those that there are; undefined without such a preference. */
export const preferredLanguage = ({ headers }: FastifyRequest): Language | undefined =>
  acceptedLanguage(headers['accept-language'])

/** Chooses the client's language, or the instance's, for the response to a request of somebody unknown. */
export const speakToAnybody = (request: FastifyRequest, { default_language }: Settings): void =>
  void choices.set(request, { language: preferredLanguage(request) ?? firstLanguage(default_language), isOwn: false })

/** Chooses a user's language for the response to a request. */
export const speak = (request: FastifyRequest, language: Language): void => void choices.set(request, { language, isOwn: true })

/** The language of the response to a request. */
export const languageOf = (request: FastifyRequest): Language =>
  choices.get(request)?.language ?? preferredLanguage(request) ?? ENGLISH

/** Whether the language of the response depends on what the client prefers. */
export const isByPreference = (request: FastifyRequest): boolean => choices.get(request)?.isOwn !== true
