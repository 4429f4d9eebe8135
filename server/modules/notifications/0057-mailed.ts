/** Mails about notifications. */
export const mailed = {
  name: '0057-mailed',
  text: `
-- When the recipient was to be mailed about it: by a mail of its own, or in the summary of that time. Empty until then.
alter table notifications add column mailed_at {time};
update notifications set mailed_at = created_at;
create index notifications_unmailed on notifications (recipient_id, created_at) where mailed_at is null;
`,
}
