/** One table for all background jobs. */
export const jobs = `
create table jobs (
  id {id},
  -- What is to be done: the name of a kind of jobs.
  name text not null,
  -- Of the jobs of a name that wait there is one for each key.
  key text,
  payload {json} not null,
  -- When it is tried next; null once it has been given up.
  due_at {time},
  -- How often it has been begun.
  attempts integer not null default 0,
  -- Until when it belongs to the process that runs it; past that moment another one takes it.
  leased_until {time},
  last_error text,
  created_at {time} not null
);
create index jobs_due on jobs (due_at, id) where due_at is not null;
create unique index jobs_waiting on jobs (name, key) where key is not null and leased_until is null;
-- The row of a schedule, or of what drains something, exists once, running or not.
create unique index jobs_own on jobs (name) where key = 'own';

-- Nobody has subscribed to anything so far.
delete from outbox;

insert into jobs (name, payload, due_at, created_at)
  select 'passwords.mail-link', {build}('email', email), {now}, {now} from lost_passwords order by id;
drop table lost_passwords;

insert into jobs (name, payload, due_at, attempts, created_at)
  select 'mail.send', {build}('recipient', recipient, 'subject', subject, 'text', text, 'link', link), due_at, tries, due_at
  from mails order by id;
drop table mails;

insert into jobs (name, key, payload, due_at, created_at)
  select 'files.remove', name, '{}', remove_at, {now} from loose_files order by remove_at;
drop table loose_files;

insert into jobs (name, payload, due_at, attempts, created_at)
  select 'files.read', {build}('id', id), due_at, attempts, {now} from attachment_contents where due_at is not null order by id;
delete from attachment_contents where content is null;
drop index attachment_contents_due;
alter table attachment_contents drop column due_at;
alter table attachment_contents drop column attempts;
`
