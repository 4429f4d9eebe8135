/** Access rules of meetings that several files ask. */
import { inProject } from '#kernel/access/rules.ts'

export const view = inProject('view_meetings')
export const invite = inProject('send_meeting_invites_and_outcomes')
