/** What participants of meetings have been mailed. */
export const invitations = {
  name: '0056-invitations',
  text: `
-- The meeting as it was when the participant was last mailed about it; empty where that has never happened.
alter table meeting_participants add column mailed text;
`,
}
