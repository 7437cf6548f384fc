-- Sessions that go on under another context, and the record of those that are over.
ALTER TABLE session DROP CONSTRAINT session_ended_because_check,
  ADD CONSTRAINT session_ended_because_check
    CHECK (ended_because IN ('logged_out', 'reused', 'replaced', 'revoked', 'device_revoked', 'password_changed', 'switched')),
  ADD COLUMN switched_to uuid;
COMMENT ON COLUMN session.switched_to IS 'The session that went on when this one changed its post: a refresh whose answer about the change was lost finds it';
COMMENT ON COLUMN session.ended_because IS 'Why it ended before its time; NULL with ended_at NULL: it runs until expires_at, or until nobody refreshes it (identity.idle_minutes)';
COMMENT ON TABLE login_guard IS 'Failed log-ins by SHA-256 of the name tried, so that a name without an account is locked like any other; and of the byte 01 and the address they came from';
-- A log-in asks whether the account has signed in from an address before; housekeeping asks for what ended long ago.
CREATE INDEX session_address_idx ON session (account_id, address);
CREATE INDEX session_expires_at_idx ON session (expires_at);
GRANT SELECT, DELETE ON session TO identity_worker;

INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('identity.session_record_days', '000000000000', 0, '183', false, '网络安全法(2025年修订)第二十三条第(三)项: network logs are kept for six months at least')
ON CONFLICT DO NOTHING;
