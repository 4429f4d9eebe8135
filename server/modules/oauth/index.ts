/** Applications that people let in. */
import { module } from '#kernel/module.ts'
import { OAuthApplication } from './oauth-applications.ts'

export const oauth = module('oauth', {
  needs: ['accounts'],
  resources: [OAuthApplication],
})
