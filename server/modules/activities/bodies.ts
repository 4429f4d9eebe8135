/** Reactions, and what is sent to comment, as the description of the API tells it. */
import { type BodyType, hal, ref } from '#kernel/bodies.ts'
import { emojis } from './reactions.ts'

const reaction = { type: 'string', enum: Object.keys(emojis), description: 'What the reaction is called.' }

const files = {
  type: 'object',
  properties: { attachments: { type: 'array', items: ref('Link'), description: 'The files that belong to the comment.' } },
}

export const bodies: Readonly<Record<string, BodyType>> = {
  EmojiReaction: {
    description: 'One kind of reaction to a comment, and everybody who chose it.',
    schema: hal(
      'EmojiReaction',
      {
        id: { type: 'string', description: 'The id of the comment and the reaction.' },
        reaction,
        emoji: { type: 'string', description: 'The picture of it.' },
        reactionsCount: { type: 'integer', description: 'How many have chosen it.' },
        firstReactionAt: { type: 'string', format: 'date-time', description: 'When the first of them did.' },
      },
      {
        reactable: ref('Link', 'The comment.'),
        reactingUsers: { type: 'array', items: ref('Link'), description: 'Those who chose it, in that order.' },
      },
    ),
    example: {
      _type: 'EmojiReaction',
      id: '42-thumbs_up',
      reaction: 'thumbs_up',
      emoji: '👍',
      reactionsCount: 1,
      firstReactionAt: '2026-03-02T09:30:00.000Z',
      _links: {
        self: { href: '/api/v3/emoji_reactions/42-thumbs_up' },
        reactable: { href: '/api/v3/activities/42' },
        reactingUsers: [{ href: '/api/v3/users/5', title: 'Vera Example' }],
      },
    },
  },

  EmojiReactionWrite: {
    description: 'The reaction to add or to take back.',
    schema: { type: 'object', required: ['reaction'], properties: { reaction } },
    example: { reaction: 'thumbs_up' },
  },

  CommentWrite: {
    description: 'A comment.',
    schema: {
      type: 'object',
      required: ['comment'],
      properties: {
        comment: {
          type: 'object',
          description: 'What is said.',
          required: ['raw'],
          properties: { raw: { type: 'string', description: 'The text, in markdown.' } },
        },
        internal: { type: 'boolean', default: false, description: 'Whether only those see it who may see internal comments.' },
        _links: files,
      },
    },
    example: { comment: { raw: 'The mast is **up**. @Vera Example, would you look at it?' }, internal: false },
  },

  CommentCorrection: {
    description: 'What a comment is to say instead.',
    schema: {
      type: 'object',
      properties: { comment: { type: 'string', description: 'The text, in markdown. A text, not an object.' }, _links: files },
    },
    example: { comment: 'The mast is **up**, and so is the flag.' },
  },
}
