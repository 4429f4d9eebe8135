/** Notifications, reminders and date alerts. */
import { module } from '#kernel/module.ts'
import { mailed } from './0057-mailed.ts'
import { alertOfDates } from './alerts.ts'
import { announceChanges } from './announce.ts'
import { bodies } from './bodies.ts'
import { mailSummaries } from './mails.ts'
import { Notification } from './notifications.ts'
import { operations as furtherOperations } from './operations.ts'
import { Reminder, remind, operations as remindersOperations } from './reminders.ts'
import { forgetNotifications } from './retention.ts'
import { operations as valuesOperations } from './values.ts'

export const notifications = module('notifications', {
  needs: ['activities'],
  chapters: [
    {
      part: 'People',
      name: 'Notifications',
      description: 'In-app notifications of the caller.',
      of: ['Notification', 'Values::Property'],
    },
    { part: 'People', name: 'Reminders', description: 'Reminders of the caller.', of: ['Reminder'] },
  ],
  migrations: [mailed],
  bodies,
  resources: [Reminder, Notification],
  operations: [...remindersOperations, ...furtherOperations, ...valuesOperations],
  jobs: [remind, announceChanges, alertOfDates, forgetNotifications, mailSummaries],
})
