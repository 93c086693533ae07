BEGIN TRANSACTION;
CREATE TABLE access_links (
	id INTEGER NOT NULL,
	token_hash VARCHAR(64) NOT NULL,
	case_id INTEGER,
	order_id INTEGER,
	created_by INTEGER,
	created_at DATETIME NOT NULL,
	expires_at DATETIME NOT NULL,
	revoked_at DATETIME,
	used_at DATETIME,
	CONSTRAINT pk_access_links PRIMARY KEY (id),
	CONSTRAINT ck_access_links_one_thing CHECK ((case_id IS NULL) <> (order_id IS NULL)),
	CONSTRAINT fk_access_links_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
	CONSTRAINT fk_access_links_order_id FOREIGN KEY(order_id) REFERENCES orders (id),
	CONSTRAINT fk_access_links_created_by FOREIGN KEY(created_by) REFERENCES users (id),
	CONSTRAINT uq_access_links_token_hash UNIQUE (token_hash)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0005');
CREATE TABLE bank_accounts (
	id INTEGER NOT NULL,
	case_id INTEGER NOT NULL,
	entry_id INTEGER NOT NULL,
	owner_id INTEGER NOT NULL,
	consent_id INTEGER NOT NULL,
	key_id VARCHAR(16) NOT NULL,
	sealed BLOB,
	last4 VARCHAR(4) NOT NULL,
	sound BOOLEAN NOT NULL,
	made_at DATETIME NOT NULL,
	erase_after DATETIME,
	erased_at DATETIME,
	CONSTRAINT pk_bank_accounts PRIMARY KEY (id),
	CONSTRAINT ck_bank_accounts_erased CHECK (erased_at IS NULL OR (last4 = '' AND key_id = '')),
	CONSTRAINT ck_bank_accounts_sealed CHECK ((erased_at IS NULL) = (sealed IS NOT NULL)),
	CONSTRAINT fk_bank_accounts_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
	CONSTRAINT fk_bank_accounts_consent_id FOREIGN KEY(consent_id) REFERENCES bank_consents (id),
	CONSTRAINT fk_bank_accounts_entry_id FOREIGN KEY(entry_id) REFERENCES money_entries (id),
	CONSTRAINT fk_bank_accounts_owner_id FOREIGN KEY(owner_id) REFERENCES users (id),
	CONSTRAINT uq_bank_accounts_consent_id UNIQUE (consent_id)
);
CREATE TABLE bank_consents (
	id INTEGER NOT NULL,
	case_id INTEGER NOT NULL,
	entry_id INTEGER NOT NULL,
	owner_id INTEGER NOT NULL,
	purpose VARCHAR(24) NOT NULL,
	version INTEGER NOT NULL,
	answer VARCHAR(3) NOT NULL,
	at DATETIME NOT NULL,
	withdrawn_at DATETIME,
	CONSTRAINT pk_bank_consents PRIMARY KEY (id),
	CONSTRAINT ck_bank_consents_withdrawn CHECK (answer = 'yes' OR withdrawn_at IS NULL),
	CONSTRAINT ck_bank_consents_answer CHECK (answer IN ('yes','no')),
	CONSTRAINT fk_bank_consents_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
	CONSTRAINT fk_bank_consents_entry_id FOREIGN KEY(entry_id) REFERENCES money_entries (id),
	CONSTRAINT fk_bank_consents_owner_id FOREIGN KEY(owner_id) REFERENCES users (id)
);
CREATE TABLE bank_views (
	id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	case_id INTEGER NOT NULL,
	owner_id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	name VARCHAR(64) NOT NULL,
	role VARCHAR(12) NOT NULL,
	reason VARCHAR(200) NOT NULL,
	"key" VARCHAR(64) NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_bank_views PRIMARY KEY (id),
	CONSTRAINT fk_bank_views_account_id FOREIGN KEY(account_id) REFERENCES bank_accounts (id),
	CONSTRAINT fk_bank_views_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
	CONSTRAINT fk_bank_views_owner_id FOREIGN KEY(owner_id) REFERENCES users (id),
	CONSTRAINT fk_bank_views_user_id FOREIGN KEY(user_id) REFERENCES users (id),
	CONSTRAINT uq_bank_views_user_id_key UNIQUE (user_id, "key")
);
CREATE TABLE calendar_years (
	year INTEGER NOT NULL,
	days JSON NOT NULL,
	source VARCHAR(200) NOT NULL,
	changed_at DATETIME NOT NULL,
	changed_by INTEGER,
	CONSTRAINT pk_calendar_years PRIMARY KEY (year),
	CONSTRAINT ck_calendar_years_year CHECK (year BETWEEN 2000 AND 2100),
	CONSTRAINT fk_calendar_years_changed_by FOREIGN KEY(changed_by) REFERENCES users (id)
);
INSERT INTO "calendar_years" VALUES(2018,'[["2018-01-01", true, "\u5143\u65e6"], ["2018-02-11", false, "\u6625\u8282"], ["2018-02-15", true, "\u6625\u8282"], ["2018-02-16", true, "\u6625\u8282"], ["2018-02-17", true, "\u6625\u8282"], ["2018-02-18", true, "\u6625\u8282"], ["2018-02-19", true, "\u6625\u8282"], ["2018-02-20", true, "\u6625\u8282"], ["2018-02-21", true, "\u6625\u8282"], ["2018-02-24", false, "\u6625\u8282"], ["2018-04-05", true, "\u6e05\u660e\u8282"], ["2018-04-06", true, "\u6e05\u660e\u8282"], ["2018-04-07", true, "\u6e05\u660e\u8282"], ["2018-04-08", false, "\u6e05\u660e\u8282"], ["2018-04-28", false, "\u52b3\u52a8\u8282"], ["2018-04-29", true, "\u52b3\u52a8\u8282"], ["2018-04-30", true, "\u52b3\u52a8\u8282"], ["2018-05-01", true, "\u52b3\u52a8\u8282"], ["2018-06-18", true, "\u7aef\u5348\u8282"], ["2018-09-24", true, "\u4e2d\u79cb\u8282"], ["2018-09-29", false, "\u56fd\u5e86\u8282"], ["2018-09-30", false, "\u56fd\u5e86\u8282"], ["2018-10-01", true, "\u56fd\u5e86\u8282"], ["2018-10-02", true, "\u56fd\u5e86\u8282"], ["2018-10-03", true, "\u56fd\u5e86\u8282"], ["2018-10-04", true, "\u56fd\u5e86\u8282"], ["2018-10-05", true, "\u56fd\u5e86\u8282"], ["2018-10-06", true, "\u56fd\u5e86\u8282"], ["2018-10-07", true, "\u56fd\u5e86\u8282"], ["2018-12-29", false, "\u5143\u65e6"], ["2018-12-30", true, "\u5143\u65e6"], ["2018-12-31", true, "\u5143\u65e6"]]','国务院办公厅关于2018年部分节假日安排的通知','2025-12-31 16:00:00.000000',NULL);
INSERT INTO "calendar_years" VALUES(2019,'[["2019-01-01", true, "\u5143\u65e6"], ["2019-02-02", false, "\u6625\u8282"], ["2019-02-03", false, "\u6625\u8282"], ["2019-02-04", true, "\u6625\u8282"], ["2019-02-05", true, "\u6625\u8282"], ["2019-02-06", true, "\u6625\u8282"], ["2019-02-07", true, "\u6625\u8282"], ["2019-02-08", true, "\u6625\u8282"], ["2019-02-09", true, "\u6625\u8282"], ["2019-02-10", true, "\u6625\u8282"], ["2019-04-05", true, "\u6e05\u660e\u8282"], ["2019-04-06", true, "\u6e05\u660e\u8282"], ["2019-04-07", true, "\u6e05\u660e\u8282"], ["2019-04-28", false, "\u52b3\u52a8\u8282"], ["2019-05-01", true, "\u52b3\u52a8\u8282"], ["2019-05-02", true, "\u52b3\u52a8\u8282"], ["2019-05-03", true, "\u52b3\u52a8\u8282"], ["2019-05-04", true, "\u52b3\u52a8\u8282"], ["2019-05-05", false, "\u52b3\u52a8\u8282"], ["2019-06-07", true, "\u7aef\u5348\u8282"], ["2019-06-08", true, "\u7aef\u5348\u8282"], ["2019-06-09", true, "\u7aef\u5348\u8282"], ["2019-09-13", true, "\u4e2d\u79cb\u8282"], ["2019-09-14", true, "\u4e2d\u79cb\u8282"], ["2019-09-15", true, "\u4e2d\u79cb\u8282"], ["2019-09-29", false, "\u56fd\u5e86\u8282"], ["2019-10-01", true, "\u56fd\u5e86\u8282"], ["2019-10-02", true, "\u56fd\u5e86\u8282"], ["2019-10-03", true, "\u56fd\u5e86\u8282"], ["2019-10-04", true, "\u56fd\u5e86\u8282"], ["2019-10-05", true, "\u56fd\u5e86\u8282"], ["2019-10-06", true, "\u56fd\u5e86\u8282"], ["2019-10-07", true, "\u56fd\u5e86\u8282"], ["2019-10-12", false, "\u56fd\u5e86\u8282"]]','国务院办公厅关于2019年部分节假日安排的通知','2025-12-31 16:00:00.000000',NULL);
INSERT INTO "calendar_years" VALUES(2020,'[["2020-01-01", true, "\u5143\u65e6"], ["2020-01-19", false, "\u6625\u8282"], ["2020-01-24", true, "\u6625\u8282"], ["2020-01-25", true, "\u6625\u8282"], ["2020-01-26", true, "\u6625\u8282"], ["2020-01-27", true, "\u6625\u8282"], ["2020-01-28", true, "\u6625\u8282"], ["2020-01-29", true, "\u6625\u8282"], ["2020-01-30", true, "\u6625\u8282"], ["2020-01-31", true, "\u6625\u8282"], ["2020-02-01", true, "\u6625\u8282"], ["2020-02-02", true, "\u6625\u8282"], ["2020-04-04", true, "\u6e05\u660e\u8282"], ["2020-04-05", true, "\u6e05\u660e\u8282"], ["2020-04-06", true, "\u6e05\u660e\u8282"], ["2020-04-26", false, "\u52b3\u52a8\u8282"], ["2020-05-01", true, "\u52b3\u52a8\u8282"], ["2020-05-02", true, "\u52b3\u52a8\u8282"], ["2020-05-03", true, "\u52b3\u52a8\u8282"], ["2020-05-04", true, "\u52b3\u52a8\u8282"], ["2020-05-05", true, "\u52b3\u52a8\u8282"], ["2020-05-09", false, "\u52b3\u52a8\u8282"], ["2020-06-25", true, "\u7aef\u5348\u8282"], ["2020-06-26", true, "\u7aef\u5348\u8282"], ["2020-06-27", true, "\u7aef\u5348\u8282"], ["2020-06-28", false, "\u7aef\u5348\u8282"], ["2020-09-27", false, "\u56fd\u5e86\u8282"], ["2020-10-01", true, "\u56fd\u5e86\u8282"], ["2020-10-02", true, "\u56fd\u5e86\u8282"], ["2020-10-03", true, "\u56fd\u5e86\u8282"], ["2020-10-04", true, "\u56fd\u5e86\u8282"], ["2020-10-05", true, "\u56fd\u5e86\u8282"], ["2020-10-06", true, "\u56fd\u5e86\u8282"], ["2020-10-07", true, "\u56fd\u5e86\u8282"], ["2020-10-08", true, "\u56fd\u5e86\u8282"], ["2020-10-10", false, "\u56fd\u5e86\u8282"]]','国务院办公厅关于2020年部分节假日安排的通知','2025-12-31 16:00:00.000000',NULL);
INSERT INTO "calendar_years" VALUES(2021,'[["2021-01-01", true, "\u5143\u65e6"], ["2021-01-02", true, "\u5143\u65e6"], ["2021-01-03", true, "\u5143\u65e6"], ["2021-02-07", false, "\u6625\u8282"], ["2021-02-11", true, "\u6625\u8282"], ["2021-02-12", true, "\u6625\u8282"], ["2021-02-13", true, "\u6625\u8282"], ["2021-02-14", true, "\u6625\u8282"], ["2021-02-15", true, "\u6625\u8282"], ["2021-02-16", true, "\u6625\u8282"], ["2021-02-17", true, "\u6625\u8282"], ["2021-02-20", false, "\u6625\u8282"], ["2021-04-03", true, "\u6e05\u660e\u8282"], ["2021-04-04", true, "\u6e05\u660e\u8282"], ["2021-04-05", true, "\u6e05\u660e\u8282"], ["2021-04-25", false, "\u52b3\u52a8\u8282"], ["2021-05-01", true, "\u52b3\u52a8\u8282"], ["2021-05-02", true, "\u52b3\u52a8\u8282"], ["2021-05-03", true, "\u52b3\u52a8\u8282"], ["2021-05-04", true, "\u52b3\u52a8\u8282"], ["2021-05-05", true, "\u52b3\u52a8\u8282"], ["2021-05-08", false, "\u52b3\u52a8\u8282"], ["2021-06-12", true, "\u7aef\u5348\u8282"], ["2021-06-13", true, "\u7aef\u5348\u8282"], ["2021-06-14", true, "\u7aef\u5348\u8282"], ["2021-09-18", false, "\u4e2d\u79cb\u8282"], ["2021-09-19", true, "\u4e2d\u79cb\u8282"], ["2021-09-20", true, "\u4e2d\u79cb\u8282"], ["2021-09-21", true, "\u4e2d\u79cb\u8282"], ["2021-09-26", false, "\u56fd\u5e86\u8282"], ["2021-10-01", true, "\u56fd\u5e86\u8282"], ["2021-10-02", true, "\u56fd\u5e86\u8282"], ["2021-10-03", true, "\u56fd\u5e86\u8282"], ["2021-10-04", true, "\u56fd\u5e86\u8282"], ["2021-10-05", true, "\u56fd\u5e86\u8282"], ["2021-10-06", true, "\u56fd\u5e86\u8282"], ["2021-10-07", true, "\u56fd\u5e86\u8282"], ["2021-10-09", false, "\u56fd\u5e86\u8282"]]','国务院办公厅关于2021年部分节假日安排的通知','2025-12-31 16:00:00.000000',NULL);
INSERT INTO "calendar_years" VALUES(2022,'[["2022-01-01", true, "\u5143\u65e6"], ["2022-01-02", true, "\u5143\u65e6"], ["2022-01-03", true, "\u5143\u65e6"], ["2022-01-29", false, "\u6625\u8282"], ["2022-01-30", false, "\u6625\u8282"], ["2022-01-31", true, "\u6625\u8282"], ["2022-02-01", true, "\u6625\u8282"], ["2022-02-02", true, "\u6625\u8282"], ["2022-02-03", true, "\u6625\u8282"], ["2022-02-04", true, "\u6625\u8282"], ["2022-02-05", true, "\u6625\u8282"], ["2022-02-06", true, "\u6625\u8282"], ["2022-04-02", false, "\u6e05\u660e\u8282"], ["2022-04-03", true, "\u6e05\u660e\u8282"], ["2022-04-04", true, "\u6e05\u660e\u8282"], ["2022-04-05", true, "\u6e05\u660e\u8282"], ["2022-04-24", false, "\u52b3\u52a8\u8282"], ["2022-04-30", true, "\u52b3\u52a8\u8282"], ["2022-05-01", true, "\u52b3\u52a8\u8282"], ["2022-05-02", true, "\u52b3\u52a8\u8282"], ["2022-05-03", true, "\u52b3\u52a8\u8282"], ["2022-05-04", true, "\u52b3\u52a8\u8282"], ["2022-05-07", false, "\u52b3\u52a8\u8282"], ["2022-06-03", true, "\u7aef\u5348\u8282"], ["2022-06-04", true, "\u7aef\u5348\u8282"], ["2022-06-05", true, "\u7aef\u5348\u8282"], ["2022-09-10", true, "\u4e2d\u79cb\u8282"], ["2022-09-11", true, "\u4e2d\u79cb\u8282"], ["2022-09-12", true, "\u4e2d\u79cb\u8282"], ["2022-10-01", true, "\u56fd\u5e86\u8282"], ["2022-10-02", true, "\u56fd\u5e86\u8282"], ["2022-10-03", true, "\u56fd\u5e86\u8282"], ["2022-10-04", true, "\u56fd\u5e86\u8282"], ["2022-10-05", true, "\u56fd\u5e86\u8282"], ["2022-10-06", true, "\u56fd\u5e86\u8282"], ["2022-10-07", true, "\u56fd\u5e86\u8282"], ["2022-10-08", false, "\u56fd\u5e86\u8282"], ["2022-10-09", false, "\u56fd\u5e86\u8282"], ["2022-12-31", true, "\u5143\u65e6"]]','国务院办公厅关于2022年部分节假日安排的通知','2025-12-31 16:00:00.000000',NULL);
INSERT INTO "calendar_years" VALUES(2023,'[["2023-01-01", true, "\u5143\u65e6"], ["2023-01-02", true, "\u5143\u65e6"], ["2023-01-21", true, "\u6625\u8282"], ["2023-01-22", true, "\u6625\u8282"], ["2023-01-23", true, "\u6625\u8282"], ["2023-01-24", true, "\u6625\u8282"], ["2023-01-25", true, "\u6625\u8282"], ["2023-01-26", true, "\u6625\u8282"], ["2023-01-27", true, "\u6625\u8282"], ["2023-01-28", false, "\u6625\u8282"], ["2023-01-29", false, "\u6625\u8282"], ["2023-04-05", true, "\u6e05\u660e\u8282"], ["2023-04-23", false, "\u52b3\u52a8\u8282"], ["2023-04-29", true, "\u52b3\u52a8\u8282"], ["2023-04-30", true, "\u52b3\u52a8\u8282"], ["2023-05-01", true, "\u52b3\u52a8\u8282"], ["2023-05-02", true, "\u52b3\u52a8\u8282"], ["2023-05-03", true, "\u52b3\u52a8\u8282"], ["2023-05-06", false, "\u52b3\u52a8\u8282"], ["2023-06-22", true, "\u7aef\u5348\u8282"], ["2023-06-23", true, "\u7aef\u5348\u8282"], ["2023-06-24", true, "\u7aef\u5348\u8282"], ["2023-06-25", false, "\u7aef\u5348\u8282"], ["2023-09-29", true, "\u4e2d\u79cb\u8282"], ["2023-09-30", true, "\u56fd\u5e86\u8282"], ["2023-10-01", true, "\u56fd\u5e86\u8282"], ["2023-10-02", true, "\u56fd\u5e86\u8282"], ["2023-10-03", true, "\u56fd\u5e86\u8282"], ["2023-10-04", true, "\u56fd\u5e86\u8282"], ["2023-10-05", true, "\u56fd\u5e86\u8282"], ["2023-10-06", true, "\u56fd\u5e86\u8282"], ["2023-10-07", false, "\u56fd\u5e86\u8282"], ["2023-10-08", false, "\u56fd\u5e86\u8282"], ["2023-12-30", true, "\u5143\u65e6"], ["2023-12-31", true, "\u5143\u65e6"]]','国务院办公厅关于2023年部分节假日安排的通知','2025-12-31 16:00:00.000000',NULL);
INSERT INTO "calendar_years" VALUES(2024,'[["2024-01-01", true, "\u5143\u65e6"], ["2024-02-04", false, "\u6625\u8282"], ["2024-02-10", true, "\u6625\u8282"], ["2024-02-11", true, "\u6625\u8282"], ["2024-02-12", true, "\u6625\u8282"], ["2024-02-13", true, "\u6625\u8282"], ["2024-02-14", true, "\u6625\u8282"], ["2024-02-15", true, "\u6625\u8282"], ["2024-02-16", true, "\u6625\u8282"], ["2024-02-17", true, "\u6625\u8282"], ["2024-02-18", false, "\u6625\u8282"], ["2024-04-04", true, "\u6e05\u660e\u8282"], ["2024-04-05", true, "\u6e05\u660e\u8282"], ["2024-04-06", true, "\u6e05\u660e\u8282"], ["2024-04-07", false, "\u6e05\u660e\u8282"], ["2024-04-28", false, "\u52b3\u52a8\u8282"], ["2024-05-01", true, "\u52b3\u52a8\u8282"], ["2024-05-02", true, "\u52b3\u52a8\u8282"], ["2024-05-03", true, "\u52b3\u52a8\u8282"], ["2024-05-04", true, "\u52b3\u52a8\u8282"], ["2024-05-05", true, "\u52b3\u52a8\u8282"], ["2024-05-11", false, "\u52b3\u52a8\u8282"], ["2024-06-10", true, "\u7aef\u5348\u8282"], ["2024-09-14", false, "\u4e2d\u79cb\u8282"], ["2024-09-15", true, "\u4e2d\u79cb\u8282"], ["2024-09-16", true, "\u4e2d\u79cb\u8282"], ["2024-09-17", true, "\u4e2d\u79cb\u8282"], ["2024-09-29", false, "\u56fd\u5e86\u8282"], ["2024-10-01", true, "\u56fd\u5e86\u8282"], ["2024-10-02", true, "\u56fd\u5e86\u8282"], ["2024-10-03", true, "\u56fd\u5e86\u8282"], ["2024-10-04", true, "\u56fd\u5e86\u8282"], ["2024-10-05", true, "\u56fd\u5e86\u8282"], ["2024-10-06", true, "\u56fd\u5e86\u8282"], ["2024-10-07", true, "\u56fd\u5e86\u8282"], ["2024-10-12", false, "\u56fd\u5e86\u8282"]]','国务院办公厅关于2024年部分节假日安排的通知','2025-12-31 16:00:00.000000',NULL);
INSERT INTO "calendar_years" VALUES(2025,'[["2025-01-01", true, "\u5143\u65e6"], ["2025-01-26", false, "\u6625\u8282"], ["2025-01-28", true, "\u6625\u8282"], ["2025-01-29", true, "\u6625\u8282"], ["2025-01-30", true, "\u6625\u8282"], ["2025-01-31", true, "\u6625\u8282"], ["2025-02-01", true, "\u6625\u8282"], ["2025-02-02", true, "\u6625\u8282"], ["2025-02-03", true, "\u6625\u8282"], ["2025-02-04", true, "\u6625\u8282"], ["2025-02-08", false, "\u6625\u8282"], ["2025-04-04", true, "\u6e05\u660e\u8282"], ["2025-04-05", true, "\u6e05\u660e\u8282"], ["2025-04-06", true, "\u6e05\u660e\u8282"], ["2025-04-27", false, "\u52b3\u52a8\u8282"], ["2025-05-01", true, "\u52b3\u52a8\u8282"], ["2025-05-02", true, "\u52b3\u52a8\u8282"], ["2025-05-03", true, "\u52b3\u52a8\u8282"], ["2025-05-04", true, "\u52b3\u52a8\u8282"], ["2025-05-05", true, "\u52b3\u52a8\u8282"], ["2025-05-31", true, "\u7aef\u5348\u8282"], ["2025-06-01", true, "\u7aef\u5348\u8282"], ["2025-06-02", true, "\u7aef\u5348\u8282"], ["2025-09-28", false, "\u56fd\u5e86\u8282"], ["2025-10-01", true, "\u56fd\u5e86\u8282"], ["2025-10-02", true, "\u56fd\u5e86\u8282"], ["2025-10-03", true, "\u56fd\u5e86\u8282"], ["2025-10-04", true, "\u56fd\u5e86\u8282"], ["2025-10-05", true, "\u56fd\u5e86\u8282"], ["2025-10-06", true, "\u4e2d\u79cb\u8282"], ["2025-10-07", true, "\u56fd\u5e86\u8282"], ["2025-10-08", true, "\u56fd\u5e86\u8282"], ["2025-10-11", false, "\u56fd\u5e86\u8282"]]','国务院办公厅关于2025年部分节假日安排的通知','2025-12-31 16:00:00.000000',NULL);
INSERT INTO "calendar_years" VALUES(2026,'[["2026-01-01", true, "\u5143\u65e6"], ["2026-01-02", true, "\u5143\u65e6"], ["2026-01-03", true, "\u5143\u65e6"], ["2026-01-04", false, "\u5143\u65e6"], ["2026-02-14", false, "\u6625\u8282"], ["2026-02-15", true, "\u6625\u8282"], ["2026-02-16", true, "\u6625\u8282"], ["2026-02-17", true, "\u6625\u8282"], ["2026-02-18", true, "\u6625\u8282"], ["2026-02-19", true, "\u6625\u8282"], ["2026-02-20", true, "\u6625\u8282"], ["2026-02-21", true, "\u6625\u8282"], ["2026-02-22", true, "\u6625\u8282"], ["2026-02-23", true, "\u6625\u8282"], ["2026-02-28", false, "\u6625\u8282"], ["2026-04-04", true, "\u6e05\u660e\u8282"], ["2026-04-05", true, "\u6e05\u660e\u8282"], ["2026-04-06", true, "\u6e05\u660e\u8282"], ["2026-05-01", true, "\u52b3\u52a8\u8282"], ["2026-05-02", true, "\u52b3\u52a8\u8282"], ["2026-05-03", true, "\u52b3\u52a8\u8282"], ["2026-05-04", true, "\u52b3\u52a8\u8282"], ["2026-05-05", true, "\u52b3\u52a8\u8282"], ["2026-05-09", false, "\u52b3\u52a8\u8282"], ["2026-06-19", true, "\u7aef\u5348\u8282"], ["2026-06-20", true, "\u7aef\u5348\u8282"], ["2026-06-21", true, "\u7aef\u5348\u8282"], ["2026-09-20", false, "\u56fd\u5e86\u8282"], ["2026-09-25", true, "\u4e2d\u79cb\u8282"], ["2026-09-26", true, "\u4e2d\u79cb\u8282"], ["2026-09-27", true, "\u4e2d\u79cb\u8282"], ["2026-10-01", true, "\u56fd\u5e86\u8282"], ["2026-10-02", true, "\u56fd\u5e86\u8282"], ["2026-10-03", true, "\u56fd\u5e86\u8282"], ["2026-10-04", true, "\u56fd\u5e86\u8282"], ["2026-10-05", true, "\u56fd\u5e86\u8282"], ["2026-10-06", true, "\u56fd\u5e86\u8282"], ["2026-10-07", true, "\u56fd\u5e86\u8282"], ["2026-10-10", false, "\u56fd\u5e86\u8282"]]','国务院办公厅关于2026年部分节假日安排的通知','2025-12-31 16:00:00.000000',NULL);
CREATE TABLE cancellations (
	id INTEGER NOT NULL,
	public_id VARCHAR(32) NOT NULL,
	user_id INTEGER NOT NULL,
	reason VARCHAR(20) NOT NULL,
	rows JSON NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_cancellations PRIMARY KEY (id),
	CONSTRAINT fk_cancellations_user_id_users FOREIGN KEY(user_id) REFERENCES users (id),
	CONSTRAINT uq_cancellations_public_id UNIQUE (public_id)
);
CREATE TABLE case_events (
	id INTEGER NOT NULL,
	case_id INTEGER NOT NULL,
	version INTEGER NOT NULL,
	step VARCHAR(32) NOT NULL,
	actor VARCHAR(8) NOT NULL,
	user_id INTEGER,
	author VARCHAR(64) NOT NULL,
	at DATETIME NOT NULL,
	source VARCHAR(16) NOT NULL,
	target VARCHAR(16) NOT NULL,
	note TEXT NOT NULL,
	data JSON NOT NULL,
	request_id VARCHAR(40) NOT NULL,
	before_hash VARCHAR(64) NOT NULL,
	hash VARCHAR(64) NOT NULL,
	CONSTRAINT pk_case_events PRIMARY KEY (id),
	CONSTRAINT ck_case_events_actor CHECK (actor IN ('buyer','seller','clock','mediator')),
	CONSTRAINT fk_case_events_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
	CONSTRAINT fk_case_events_user_id FOREIGN KEY(user_id) REFERENCES users (id),
	CONSTRAINT uq_case_events_case_id_version UNIQUE (case_id, version)
);
INSERT INTO "case_events" VALUES(1,1,1,'apply','buyer',1,'buyer','2026-11-23 02:00:00.000000','','applied','袜子破洞','{"reason": "damaged", "description": "\u889c\u5b50\u7834\u6d1e", "lines": [[1, 2000, "\u9ed1\u8272;L"]], "receiver": ["\u674e\u96ef", "13425059650", "\u56db\u5ddd\u7701 \u6210\u90fd\u5e02 \u6b66\u4faf\u533a \u4e00\u73af\u8def\u5357\u4e8c\u6bb58\u53f7"], "freight_payer": "seller", "photos": 0}','request','','dcb577814bb79cd3ac4e3cb8e566abcf70794d470569ce288b16d582db503a5b');
INSERT INTO "case_events" VALUES(2,2,1,'apply','buyer',1,'buyer','2026-11-23 02:00:00.000000','','applied','袜子破洞','{"reason": "damaged", "description": "\u889c\u5b50\u7834\u6d1e", "lines": [[2, 2000, "\u9ed1\u8272;L"]], "receiver": ["\u674e\u96ef", "13425059650", "\u56db\u5ddd\u7701 \u6210\u90fd\u5e02 \u6b66\u4faf\u533a \u4e00\u73af\u8def\u5357\u4e8c\u6bb58\u53f7"], "freight_payer": "seller", "photos": 0}','request','','297fd9c9b699ebd4fb4d118f1d3850aed50eedd9a651ea17785389aeb5a54a7a');
INSERT INTO "case_events" VALUES(3,2,2,'agree','seller',3,'seller','2026-11-23 02:00:00.000000','applied','returning','','{"return_address": ["\u4ed3\u5e93", "13800138000", "\u6d59\u6c5f\u7701\u4e49\u4e4c\u5e02\u5317\u82d1\u8857\u90531\u53f7"], "freight_payer": "seller"}','request','297fd9c9b699ebd4fb4d118f1d3850aed50eedd9a651ea17785389aeb5a54a7a','47efedf3c458106a8275feb3c3014f22e74c2a7378eb2d18d8d4129038b83353');
INSERT INTO "case_events" VALUES(4,2,3,'ship_return','buyer',1,'buyer','2026-11-23 02:00:00.000000','returning','inspecting','','{"parcels": [["ZTO", "75484863576596"]]}','request','47efedf3c458106a8275feb3c3014f22e74c2a7378eb2d18d8d4129038b83353','5f61a9ddcefb7a49d31f6292d6100d6eff02d4ab072921201e850d315f6bcd40');
INSERT INTO "case_events" VALUES(5,2,4,'accept_goods','seller',3,'seller','2026-11-23 02:00:00.000000','inspecting','reshipping','','{}','request','5f61a9ddcefb7a49d31f6292d6100d6eff02d4ab072921201e850d315f6bcd40','d42f5bacd56cfc65dd37b42077be7bfa133d0398029c5a1eb6bbba8e28c17306');
INSERT INTO "case_events" VALUES(6,2,5,'ship_replacement','seller',3,'seller','2026-11-23 02:00:00.000000','reshipping','confirming','','{"parcels": [["ZTO", "75484863576596"]], "shipped": [[2, 2000, "\u9ed1\u8272;L"]]}','request','d42f5bacd56cfc65dd37b42077be7bfa133d0398029c5a1eb6bbba8e28c17306','7f5fd36245842144c55ae72775b2e5819dadfb312649ca51ea0b942026075839');
INSERT INTO "case_events" VALUES(7,3,1,'apply','buyer',1,'buyer','2026-11-23 02:00:00.000000','','applied','袜子破洞','{"reason": "damaged", "description": "\u889c\u5b50\u7834\u6d1e", "lines": [[3, 2000, "\u9ed1\u8272;L"]], "receiver": ["\u674e\u96ef", "13425059650", "\u56db\u5ddd\u7701 \u6210\u90fd\u5e02 \u6b66\u4faf\u533a \u4e00\u73af\u8def\u5357\u4e8c\u6bb58\u53f7"], "freight_payer": "seller", "photos": 0}','request','','95d5a7a5fc4ed36d3df83be408e8252d7df40e1b86bfb49855a9a25f65fe7ba4');
INSERT INTO "case_events" VALUES(8,3,2,'agree','seller',3,'seller','2026-11-23 02:00:00.000000','applied','returning','','{"return_address": ["\u4ed3\u5e93", "13800138000", "\u6d59\u6c5f\u7701\u4e49\u4e4c\u5e02\u5317\u82d1\u8857\u90531\u53f7"], "freight_payer": "seller"}','request','95d5a7a5fc4ed36d3df83be408e8252d7df40e1b86bfb49855a9a25f65fe7ba4','6b3d2b0e078d6f308341709264d490848ad2ec93339dab2bf1a94795b2ad1ef6');
INSERT INTO "case_events" VALUES(9,3,3,'ship_return','buyer',1,'buyer','2026-11-23 02:00:00.000000','returning','inspecting','','{"parcels": [["ZTO", "75484863576596"]]}','request','6b3d2b0e078d6f308341709264d490848ad2ec93339dab2bf1a94795b2ad1ef6','90f27f8ccb71dfd444469abbdb61f885fda8968f6d61b2dce91f1f4be4b8bf26');
INSERT INTO "case_events" VALUES(10,3,4,'accept_goods','seller',3,'seller','2026-11-23 02:00:00.000000','inspecting','reshipping','','{}','request','90f27f8ccb71dfd444469abbdb61f885fda8968f6d61b2dce91f1f4be4b8bf26','7a0ad918a56624d2fc89ead5a88e82c51f4e2ff5b6d837071b449708eb439202');
INSERT INTO "case_events" VALUES(11,3,5,'ship_replacement','seller',3,'seller','2026-11-23 02:00:00.000000','reshipping','confirming','','{"parcels": [["ZTO", "75484863576596"]], "shipped": [[3, 2000, "\u9ed1\u8272;L"]]}','request','7a0ad918a56624d2fc89ead5a88e82c51f4e2ff5b6d837071b449708eb439202','8d668c8aef1f227a6efe729ead83859754030791f644390aafef826a31175a11');
INSERT INTO "case_events" VALUES(12,3,6,'confirm','buyer',1,'buyer','2026-11-23 02:00:00.000000','confirming','completed','','{}','request','8d668c8aef1f227a6efe729ead83859754030791f644390aafef826a31175a11','1006b3d18fd490fbc9273bc80c95cd146a43521467ec040bbfd0c8df01b3ad51');
INSERT INTO "case_events" VALUES(13,4,1,'apply','buyer',1,'buyer','2026-11-23 02:00:00.000000','','applied','袜子破洞','{"reason": "damaged", "description": "\u889c\u5b50\u7834\u6d1e", "lines": [[4, 2000, "\u9ed1\u8272;L"]], "receiver": ["\u674e\u96ef", "13425059650", "\u56db\u5ddd\u7701 \u6210\u90fd\u5e02 \u6b66\u4faf\u533a \u4e00\u73af\u8def\u5357\u4e8c\u6bb58\u53f7"], "freight_payer": "seller", "photos": 0}','request','','3681ee6fd64511fc56058a248b1c5d6ad1b8b06d0ced66b0532a10185fb999ae');
INSERT INTO "case_events" VALUES(14,4,2,'agree','seller',3,'seller','2026-11-23 02:00:00.000000','applied','returning','','{"return_address": ["\u4ed3\u5e93", "13800138000", "\u6d59\u6c5f\u7701\u4e49\u4e4c\u5e02\u5317\u82d1\u8857\u90531\u53f7"], "freight_payer": "seller"}','request','3681ee6fd64511fc56058a248b1c5d6ad1b8b06d0ced66b0532a10185fb999ae','697e7e21128e8a0a462a80a64fd8eae07287da67bee6e5f3967389c22a7c3f33');
INSERT INTO "case_events" VALUES(15,4,3,'ship_return','buyer',1,'buyer','2026-11-23 02:00:00.000000','returning','inspecting','','{"parcels": [["ZTO", "75484863576596"]]}','request','697e7e21128e8a0a462a80a64fd8eae07287da67bee6e5f3967389c22a7c3f33','2eb752302a466d7eacb509c917e3a2f62463c27c2a671fe4eab1483ff43934d6');
INSERT INTO "case_events" VALUES(16,4,4,'accept_goods','seller',3,'seller','2026-11-23 02:00:00.000000','inspecting','refunding','','{"refund_fen": 2500}','request','2eb752302a466d7eacb509c917e3a2f62463c27c2a671fe4eab1483ff43934d6','8c6f3e4d0614957b8c0f24e2d92cf51e72065d6f4f407b7070a422996b8f986c');
INSERT INTO "case_events" VALUES(17,5,1,'apply','buyer',1,'buyer','2026-11-23 02:00:00.000000','','applied','袜子破洞','{"reason": "damaged", "description": "\u889c\u5b50\u7834\u6d1e", "lines": [[5, 2000, "\u9ed1\u8272;L"], [6, 2000, "\u9ed1\u8272;L"]], "receiver": ["\u674e\u96ef", "13425059650", "\u56db\u5ddd\u7701 \u6210\u90fd\u5e02 \u6b66\u4faf\u533a \u4e00\u73af\u8def\u5357\u4e8c\u6bb58\u53f7"], "freight_payer": "seller", "photos": 0}','request','','62955c80ad72d0655e60f6cf29bcda1c297093df1942f927a7e5d48a61f3f12f');
CREATE TABLE case_lines (
	id INTEGER NOT NULL,
	case_id INTEGER NOT NULL,
	order_line_id INTEGER NOT NULL,
	quantity_milli INTEGER NOT NULL,
	received_milli INTEGER,
	accepted_milli INTEGER NOT NULL,
	shipped_milli INTEGER NOT NULL,
	condition VARCHAR(24) NOT NULL,
	inspection_note VARCHAR(500) NOT NULL,
	moved_milli INTEGER NOT NULL,
	wanted_price_fen INTEGER,
	sku_id INTEGER,
	wanted_spec VARCHAR(300) NOT NULL,
	title VARCHAR(300) NOT NULL,
	spec VARCHAR(300) NOT NULL,
	unit VARCHAR(20) NOT NULL,
	CONSTRAINT pk_case_lines PRIMARY KEY (id),
	CONSTRAINT ck_case_lines_accepted CHECK (accepted_milli BETWEEN 0 AND coalesce(received_milli, quantity_milli)),
	CONSTRAINT ck_case_lines_moved CHECK (moved_milli BETWEEN 0 AND quantity_milli),
	CONSTRAINT ck_case_lines_quantity CHECK (quantity_milli > 0),
	CONSTRAINT ck_case_lines_received CHECK (received_milli IS NULL OR received_milli BETWEEN 0 AND quantity_milli),
	CONSTRAINT ck_case_lines_shipped CHECK (shipped_milli BETWEEN 0 AND accepted_milli),
	CONSTRAINT fk_case_lines_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
	CONSTRAINT fk_case_lines_order_line_id FOREIGN KEY(order_line_id) REFERENCES order_lines (id),
	CONSTRAINT fk_case_lines_sku_id FOREIGN KEY(sku_id) REFERENCES skus (id),
	CONSTRAINT uq_case_lines_case_id_order_line_id UNIQUE (case_id, order_line_id)
);
INSERT INTO "case_lines" VALUES(1,1,1,2000,NULL,0,0,'','',0,NULL,NULL,'黑色;L','纯棉中筒袜 男女同款','黑色;L','双');
INSERT INTO "case_lines" VALUES(2,2,2,2000,2000,2000,2000,'intact','',0,NULL,NULL,'黑色;L','纯棉中筒袜 男女同款','黑色;L','双');
INSERT INTO "case_lines" VALUES(3,3,3,2000,2000,2000,2000,'intact','',0,NULL,NULL,'黑色;L','纯棉中筒袜 男女同款','黑色;L','双');
INSERT INTO "case_lines" VALUES(4,4,4,2000,2000,2000,0,'intact','',0,NULL,NULL,'黑色;L','纯棉中筒袜 男女同款','黑色;L','双');
INSERT INTO "case_lines" VALUES(5,5,5,2000,NULL,0,0,'','',0,NULL,NULL,'黑色;L','纯棉中筒袜 男女同款','黑色;L','双');
INSERT INTO "case_lines" VALUES(6,5,6,2000,NULL,0,0,'','',0,NULL,NULL,'黑色;L','纯棉中筒袜 男女同款','黑色;L','双');
CREATE TABLE case_links (
	id INTEGER NOT NULL,
	downstream_id INTEGER NOT NULL,
	upstream_id INTEGER NOT NULL,
	shop_id INTEGER NOT NULL,
	route_back VARCHAR(6) NOT NULL,
	route_out VARCHAR(6) NOT NULL,
	freight_back_fen INTEGER NOT NULL,
	freight_back_payer VARCHAR(12) NOT NULL,
	freight_out_fen INTEGER NOT NULL,
	freight_out_payer VARCHAR(12) NOT NULL,
	created_by INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	ended_at DATETIME,
	alarmed_at DATETIME,
	CONSTRAINT pk_case_links PRIMARY KEY (id),
	CONSTRAINT ck_case_links_two CHECK (downstream_id <> upstream_id),
	CONSTRAINT ck_case_links_route_back CHECK (route_back IN ('direct','via')),
	CONSTRAINT ck_case_links_route_out CHECK (route_out IN ('direct','via')),
	CONSTRAINT ck_case_links_freight CHECK (freight_back_fen >= 0 AND freight_out_fen >= 0),
	CONSTRAINT ck_case_links_payers CHECK (freight_back_payer IN ('distributor','supplier','consumer') AND freight_out_payer IN ('distributor','supplier','consumer')),
	CONSTRAINT fk_case_links_downstream_id FOREIGN KEY(downstream_id) REFERENCES cases (id),
	CONSTRAINT fk_case_links_upstream_id FOREIGN KEY(upstream_id) REFERENCES cases (id),
	CONSTRAINT fk_case_links_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id),
	CONSTRAINT fk_case_links_created_by FOREIGN KEY(created_by) REFERENCES users (id),
	CONSTRAINT uq_case_links_downstream_id_upstream_id UNIQUE (downstream_id, upstream_id)
);
CREATE TABLE case_tallies (
	shop_id INTEGER NOT NULL,
	state VARCHAR(16) NOT NULL,
	number INTEGER NOT NULL,
	CONSTRAINT pk_case_tallies PRIMARY KEY (shop_id, state),
	CONSTRAINT ck_case_tallies_number CHECK (number >= 0),
	CONSTRAINT fk_case_tallies_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id)
);
INSERT INTO "case_tallies" VALUES(1,'applied',1);
INSERT INTO "case_tallies" VALUES(1,'returning',0);
INSERT INTO "case_tallies" VALUES(1,'inspecting',0);
INSERT INTO "case_tallies" VALUES(1,'reshipping',0);
INSERT INTO "case_tallies" VALUES(1,'confirming',1);
INSERT INTO "case_tallies" VALUES(1,'completed',1);
INSERT INTO "case_tallies" VALUES(1,'refunding',1);
INSERT INTO "case_tallies" VALUES(2,'applied',1);
CREATE TABLE cases (
	id INTEGER NOT NULL,
	case_no VARCHAR(24) NOT NULL,
	type VARCHAR(16) NOT NULL,
	state VARCHAR(16) NOT NULL,
	version INTEGER NOT NULL,
	parent_id INTEGER,
	order_id INTEGER NOT NULL,
	shop_id INTEGER NOT NULL,
	buyer_id INTEGER NOT NULL,
	policy_id INTEGER NOT NULL,
	entered_at DATETIME NOT NULL,
	due_at DATETIME,
	queue_at DATETIME NOT NULL GENERATED ALWAYS AS (coalesce(due_at, entered_at)) STORED,
	due_rule VARCHAR(24) NOT NULL,
	remind_at DATETIME,
	late BOOLEAN NOT NULL,
	paused_seconds INTEGER NOT NULL,
	not_before DATETIME,
	escalated BOOLEAN NOT NULL,
	stage VARCHAR(12) NOT NULL,
	stage_at DATETIME,
	escalated_at DATETIME,
	evidence_round INTEGER NOT NULL,
	heard VARCHAR(16) NOT NULL,
	asked_by VARCHAR(8) NOT NULL,
	origin JSON NOT NULL,
	countered BOOLEAN NOT NULL,
	extended BOOLEAN NOT NULL,
	granted_seconds INTEGER NOT NULL,
	objected BOOLEAN NOT NULL,
	problem_open BOOLEAN NOT NULL,
	nudged_at DATETIME,
	round INTEGER NOT NULL,
	applications INTEGER NOT NULL,
	reason VARCHAR(24) NOT NULL,
	description TEXT NOT NULL,
	basis VARCHAR(300) NOT NULL,
	freight_payer VARCHAR(12) NOT NULL,
	negotiated BOOLEAN NOT NULL,
	goods_state VARCHAR(12) NOT NULL,
	refund_fen INTEGER NOT NULL,
	difference_fen INTEGER NOT NULL,
	entry_count INTEGER NOT NULL,
	difference_waived BOOLEAN NOT NULL,
	receiver_name VARCHAR(100) NOT NULL,
	receiver_phone VARCHAR(40) NOT NULL,
	receiver_address VARCHAR(400) NOT NULL,
	return_name VARCHAR(60) NOT NULL,
	return_phone VARCHAR(30) NOT NULL,
	return_address VARCHAR(300) NOT NULL,
	return_note VARCHAR(200) NOT NULL,
	goods VARCHAR(300) NOT NULL,
	spec VARCHAR(300) NOT NULL,
	wanted_spec VARCHAR(300) NOT NULL,
	unit VARCHAR(20) NOT NULL,
	quantity_milli INTEGER NOT NULL,
	line_count INTEGER NOT NULL,
	photo_count INTEGER NOT NULL,
	opened_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL, finish_by DATETIME, finish_provisional BOOLEAN DEFAULT 0 NOT NULL, overdue_at DATETIME,
	CONSTRAINT pk_cases PRIMARY KEY (id),
	CONSTRAINT ck_cases_due CHECK (due_at IS NOT NULL OR escalated OR state IN ('completed','closed','withdrawn','converted')),
	CONSTRAINT ck_cases_freight_payer CHECK (freight_payer IN ('buyer','seller','negotiated')),
	CONSTRAINT ck_cases_stage CHECK (stage IN ('','evidence','deciding','overdue') AND escalated = (stage <> '')),
	CONSTRAINT ck_cases_state CHECK (state IN ('applied','proposed','revising','returning','inspecting','disputed','paying','reshipping','confirming','refunding','refund_failed','completed','closed','withdrawn','converted')),
	CONSTRAINT ck_cases_type CHECK (type IN ('exchange','reissue','return_refund','refund_only')),
	CONSTRAINT ck_cases_refund CHECK (refund_fen >= 0),
	CONSTRAINT ck_cases_version CHECK (version >= 1),
	CONSTRAINT fk_cases_buyer_id FOREIGN KEY(buyer_id) REFERENCES users (id),
	CONSTRAINT fk_cases_order_id FOREIGN KEY(order_id) REFERENCES orders (id),
	CONSTRAINT fk_cases_parent_id FOREIGN KEY(parent_id) REFERENCES cases (id),
	CONSTRAINT fk_cases_policy_id FOREIGN KEY(policy_id) REFERENCES policies (id),
	CONSTRAINT fk_cases_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id),
	CONSTRAINT uq_cases_case_no UNIQUE (case_no)
);
INSERT INTO "cases" VALUES(1,'HH26112394600156','exchange','applied',1,NULL,1,1,1,1,'2026-11-23 02:00:00.000000','2026-11-25 02:00:00.000000','seller_response','2026-11-24 02:00:00.000000',0,0,NULL,0,'',NULL,NULL,0,'','','{}',0,0,0,0,0,NULL,1,1,'damaged','袜子破洞','商品质量问题,收货后 15 天内可换货','seller',0,'received',0,0,0,0,'李雯','13425059650','四川省 成都市 武侯区 一环路南二段8号','','','','','纯棉中筒袜 男女同款','黑色;L','黑色;L','双',2000,1,0,'2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000',NULL,0,NULL);
INSERT INTO "cases" VALUES(2,'HH26112304002671','exchange','confirming',5,NULL,2,1,1,1,'2026-11-23 02:00:00.000000','2026-12-03 02:00:00.000000','buyer_confirm','2026-11-28 02:00:00.000000',0,0,NULL,0,'',NULL,NULL,0,'','','{}',0,0,0,0,0,NULL,1,1,'damaged','袜子破洞','商品质量问题,收货后 15 天内可换货','seller',0,'received',0,0,0,0,'李雯','13425059650','四川省 成都市 武侯区 一环路南二段8号','仓库','13800138000','浙江省义乌市北苑街道1号','','纯棉中筒袜 男女同款','黑色;L','黑色;L','双',2000,1,0,'2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000',NULL,0,NULL);
INSERT INTO "cases" VALUES(3,'HH26112313813652','exchange','completed',6,NULL,3,1,1,1,'2026-11-23 02:00:00.000000',NULL,'',NULL,0,0,NULL,0,'',NULL,NULL,0,'','','{}',0,0,0,0,0,NULL,1,1,'damaged','袜子破洞','商品质量问题,收货后 15 天内可换货','seller',0,'received',0,0,0,0,'李雯','13425059650','四川省 成都市 武侯区 一环路南二段8号','仓库','13800138000','浙江省义乌市北苑街道1号','','纯棉中筒袜 男女同款','黑色;L','黑色;L','双',2000,1,0,'2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000',NULL,0,NULL);
INSERT INTO "cases" VALUES(4,'HH26112365392029','return_refund','refunding',4,NULL,4,1,1,1,'2026-11-23 02:00:00.000000','2026-11-30 02:00:00.000000','refund_legal','2026-11-26 14:00:00.000000',0,0,NULL,0,'',NULL,NULL,0,'','','{}',0,0,0,0,0,NULL,1,1,'damaged','袜子破洞','商品质量问题,收货后 15 天内可换货','seller',0,'received',2500,0,1,0,'李雯','13425059650','四川省 成都市 武侯区 一环路南二段8号','仓库','13800138000','浙江省义乌市北苑街道1号','','纯棉中筒袜 男女同款','黑色;L','黑色;L','双',2000,1,0,'2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000',NULL,0,NULL);
INSERT INTO "cases" VALUES(5,'HH26112379871426','exchange','applied',1,NULL,5,2,2,2,'2026-11-23 02:00:00.000000','2026-11-25 02:00:00.000000','seller_response','2026-11-24 02:00:00.000000',0,0,NULL,0,'',NULL,NULL,0,'','','{}',0,0,0,0,0,NULL,1,1,'damaged','袜子破洞','商品质量问题,收货后 15 天内可换货','seller',0,'received',0,0,0,0,'李雯','13425059650','四川省 成都市 武侯区 一环路南二段8号','','','','','纯棉中筒袜 男女同款','黑色;L','黑色;L','双',4000,2,0,'2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000',NULL,0,NULL);
CREATE TABLE conversations (
	id INTEGER NOT NULL,
	order_id INTEGER NOT NULL,
	buyer_id INTEGER NOT NULL,
	shop_id INTEGER NOT NULL,
	last_at DATETIME NOT NULL,
	last_words VARCHAR(120) NOT NULL,
	last_message_id INTEGER NOT NULL,
	buyer_unread INTEGER NOT NULL,
	seller_unread INTEGER NOT NULL,
	buyer_read_id INTEGER NOT NULL,
	seller_read_id INTEGER NOT NULL,
	waiting_since DATETIME,
	CONSTRAINT pk_conversations PRIMARY KEY (id),
	CONSTRAINT ck_conversations_unread CHECK (buyer_unread >= 0 AND seller_unread >= 0),
	CONSTRAINT fk_conversations_buyer_id FOREIGN KEY(buyer_id) REFERENCES users (id),
	CONSTRAINT fk_conversations_order_id FOREIGN KEY(order_id) REFERENCES orders (id),
	CONSTRAINT fk_conversations_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id),
	CONSTRAINT uq_conversations_order_id UNIQUE (order_id)
);
INSERT INTO "conversations" VALUES(1,1,1,1,'2026-11-23 02:00:00.000000','在吗',2,1,0,1,2,NULL);
CREATE TABLE customer_notes (
	id INTEGER NOT NULL,
	shop_id INTEGER NOT NULL,
	buyer_id INTEGER NOT NULL,
	tag VARCHAR(20) NOT NULL,
	words TEXT NOT NULL,
	"by" INTEGER NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_customer_notes PRIMARY KEY (id),
	CONSTRAINT fk_customer_notes_buyer_id FOREIGN KEY(buyer_id) REFERENCES users (id),
	CONSTRAINT fk_customer_notes_by FOREIGN KEY("by") REFERENCES users (id),
	CONSTRAINT fk_customer_notes_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id)
);
CREATE TABLE deliveries (
	id INTEGER NOT NULL,
	notice_id INTEGER NOT NULL,
	channel VARCHAR(16) NOT NULL,
	state VARCHAR(10) NOT NULL,
	tries INTEGER NOT NULL,
	next_at DATETIME NOT NULL,
	problem VARCHAR(200) NOT NULL,
	dedupe_key VARCHAR(140) NOT NULL,
	CONSTRAINT pk_deliveries PRIMARY KEY (id),
	CONSTRAINT ck_deliveries_state CHECK (state IN ('waiting','sent','given_up')),
	CONSTRAINT fk_deliveries_notice_id FOREIGN KEY(notice_id) REFERENCES notices (id),
	CONSTRAINT uq_deliveries_dedupe_key UNIQUE (dedupe_key)
);
CREATE TABLE drafts (
	id INTEGER NOT NULL,
	order_id INTEGER NOT NULL,
	buyer_id INTEGER NOT NULL,
	fields JSON NOT NULL,
	source VARCHAR(12) NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_drafts PRIMARY KEY (id),
	CONSTRAINT fk_drafts_buyer_id FOREIGN KEY(buyer_id) REFERENCES users (id),
	CONSTRAINT fk_drafts_order_id FOREIGN KEY(order_id) REFERENCES orders (id),
	CONSTRAINT uq_drafts_order_id UNIQUE (order_id)
);
CREATE TABLE evidence (
	id INTEGER NOT NULL,
	public_id VARCHAR(32) NOT NULL,
	owner_id INTEGER NOT NULL,
	order_id INTEGER,
	draft_id INTEGER,
	case_id INTEGER,
	event_version INTEGER,
	message_id INTEGER,
	product_id INTEGER,
	side VARCHAR(6) NOT NULL,
	"key" VARCHAR(60) NOT NULL,
	thumb_key VARCHAR(60) NOT NULL,
	sha256 VARCHAR(64) NOT NULL,
	thumb_sha256 VARCHAR(64) NOT NULL,
	bytes INTEGER NOT NULL,
	width INTEGER NOT NULL,
	height INTEGER NOT NULL,
	thumb_width INTEGER NOT NULL,
	thumb_height INTEGER NOT NULL,
	taken_note VARCHAR(40) NOT NULL,
	created_at DATETIME NOT NULL,
	CONSTRAINT pk_evidence PRIMARY KEY (id),
	CONSTRAINT fk_evidence_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
	CONSTRAINT fk_evidence_draft_id FOREIGN KEY(draft_id) REFERENCES drafts (id),
	CONSTRAINT fk_evidence_message_id FOREIGN KEY(message_id) REFERENCES messages (id),
	CONSTRAINT fk_evidence_order_id FOREIGN KEY(order_id) REFERENCES orders (id),
	CONSTRAINT fk_evidence_owner_id FOREIGN KEY(owner_id) REFERENCES users (id),
	CONSTRAINT fk_evidence_product_id FOREIGN KEY(product_id) REFERENCES products (id),
	CONSTRAINT uq_evidence_public_id UNIQUE (public_id)
);
INSERT INTO "evidence" VALUES(1,'f723be5714647f273cd3cba461f51ccc',1,1,NULL,1,1,NULL,NULL,'buyer','db/db742964c16dc69776265c00099c6230.webp','9e/9e5d2bc49703a387721bacf770da4612.webp','e5a5555d73bc0e1568d65563abf327bd6c0b9b9dc3336e86e0b17e865e9ee6d2','d1bf400e5352ad079c242416f9d69e6dc7ee7f591a9716fa117e3d4d25ae6028',7,1,1,1,1,'','2026-11-23 02:00:00.000000');
INSERT INTO "evidence" VALUES(2,'9bb88933670a50cd745c78e1b0103420',1,NULL,NULL,NULL,NULL,NULL,NULL,'buyer','d1/d12b5b134a846eacb2b584318b97a71c.webp','ec/ec24b9e1fb95d084bb036a4a987373ab.webp','9b73ce2e5c72e9c8eb35ae3f509ef901b26ed3e9811f0782f3633cceab140918','cde0d400de151764844c1be7e78168e1bc8010171478ffa00a1295b85379017a',7,1,1,1,1,'','2026-11-23 02:00:00.000000');
CREATE TABLE feedback (
	id INTEGER NOT NULL,
	number VARCHAR(20) NOT NULL,
	user_id INTEGER NOT NULL,
	kind VARCHAR(12) NOT NULL,
	words TEXT NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_feedback PRIMARY KEY (id),
	CONSTRAINT ck_feedback_kind CHECK (kind IN ('problem','wish','privacy','false','praise')),
	CONSTRAINT fk_feedback_user_id FOREIGN KEY(user_id) REFERENCES users (id),
	CONSTRAINT uq_feedback_number UNIQUE (number)
);
CREATE TABLE form_keys (
	id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	"key" VARCHAR(64) NOT NULL,
	fingerprint VARCHAR(64) NOT NULL,
	location TEXT NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_form_keys PRIMARY KEY (id),
	CONSTRAINT fk_form_keys_user_id FOREIGN KEY(user_id) REFERENCES users (id),
	CONSTRAINT uq_form_keys_user_id_key UNIQUE (user_id, "key")
);
CREATE TABLE import_jobs (
	id INTEGER NOT NULL,
	public_id VARCHAR(32) NOT NULL,
	shop_id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	file_name VARCHAR(200) NOT NULL,
	path VARCHAR(300) NOT NULL,
	state VARCHAR(10) NOT NULL,
	rows_done INTEGER NOT NULL,
	rows_all INTEGER NOT NULL,
	problem VARCHAR(400) NOT NULL,
	report JSON NOT NULL,
	claimed_at DATETIME,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_import_jobs PRIMARY KEY (id),
	CONSTRAINT ck_import_jobs_state CHECK (state IN ('waiting','checking','checked','confirmed','importing','done','failed')),
	CONSTRAINT fk_import_jobs_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id),
	CONSTRAINT fk_import_jobs_user_id FOREIGN KEY(user_id) REFERENCES users (id),
	CONSTRAINT uq_import_jobs_public_id UNIQUE (public_id)
);
CREATE TABLE kept_forms (
	id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	path VARCHAR(300) NOT NULL,
	fields JSON NOT NULL,
	kept_at DATETIME NOT NULL,
	CONSTRAINT pk_kept_forms PRIMARY KEY (id),
	CONSTRAINT fk_kept_forms_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);
CREATE TABLE messages (
	id INTEGER NOT NULL,
	conversation_id INTEGER NOT NULL,
	side VARCHAR(6) NOT NULL,
	user_id INTEGER,
	kind VARCHAR(8) NOT NULL,
	words TEXT NOT NULL,
	data JSON NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_messages PRIMARY KEY (id),
	CONSTRAINT ck_messages_kind CHECK (kind IN ('text','photo','order','draft','offer','case')),
	CONSTRAINT ck_messages_side CHECK (side IN ('buyer','seller','system')),
	CONSTRAINT fk_messages_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id),
	CONSTRAINT fk_messages_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "messages" VALUES(1,1,'buyer',1,'text','在吗','{}','2026-11-23 02:00:00.000000');
INSERT INTO "messages" VALUES(2,1,'seller',3,'text','在吗','{}','2026-11-23 02:00:00.000000');
CREATE TABLE money_entries (
	id INTEGER NOT NULL,
	case_id INTEGER NOT NULL,
	order_id INTEGER NOT NULL,
	shop_id INTEGER NOT NULL,
	kind VARCHAR(20) NOT NULL,
	state VARCHAR(12) NOT NULL,
	amount_fen INTEGER NOT NULL,
	lines JSON NOT NULL,
	"key" VARCHAR(80) NOT NULL,
	route VARCHAR(12) NOT NULL,
	reference VARCHAR(80) NOT NULL,
	problem VARCHAR(200) NOT NULL,
	tries INTEGER NOT NULL,
	made_at DATETIME NOT NULL,
	made_by INTEGER,
	approved_at DATETIME,
	approved_by INTEGER,
	settled_at DATETIME,
	settled_by INTEGER,
	exported_at DATETIME,
	CONSTRAINT pk_money_entries PRIMARY KEY (id),
	CONSTRAINT ck_money_entries_kind CHECK (kind IN ('refund','difference_back','difference_return','freight','compensation','difference')),
	CONSTRAINT ck_money_entries_route CHECK (route IN ('original','bank','offline')),
	CONSTRAINT ck_money_entries_settled CHECK (state <> 'settled' OR settled_at IS NOT NULL),
	CONSTRAINT ck_money_entries_state CHECK (state IN ('waiting','due','failed','declared','settled','cancelled')),
	CONSTRAINT ck_money_entries_amount CHECK (amount_fen >= 0),
	CONSTRAINT fk_money_entries_approved_by FOREIGN KEY(approved_by) REFERENCES users (id),
	CONSTRAINT fk_money_entries_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
	CONSTRAINT fk_money_entries_made_by FOREIGN KEY(made_by) REFERENCES users (id),
	CONSTRAINT fk_money_entries_order_id FOREIGN KEY(order_id) REFERENCES orders (id),
	CONSTRAINT fk_money_entries_settled_by FOREIGN KEY(settled_by) REFERENCES users (id),
	CONSTRAINT fk_money_entries_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id),
	CONSTRAINT uq_money_entries_key UNIQUE ("key")
);
INSERT INTO "money_entries" VALUES(1,4,4,1,'refund','due',2500,'[[4, 2500, 2000]]','4:refund','original','','',0,'2026-11-23 02:00:00.000000',3,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE notices (
	id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	case_id INTEGER,
	kind VARCHAR(32) NOT NULL,
	title VARCHAR(120) NOT NULL,
	body TEXT NOT NULL,
	href VARCHAR(200) NOT NULL,
	at DATETIME NOT NULL,
	read_at DATETIME,
	dedupe_key VARCHAR(120) NOT NULL,
	CONSTRAINT pk_notices PRIMARY KEY (id),
	CONSTRAINT fk_notices_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
	CONSTRAINT fk_notices_user_id FOREIGN KEY(user_id) REFERENCES users (id),
	CONSTRAINT uq_notices_dedupe_key UNIQUE (dedupe_key)
);
INSERT INTO "notices" VALUES(1,3,1,'apply','新的换货申请','「纯棉中筒袜 男女同款」买家提交了换货申请。商家逾期未处理,系统将自动同意,并使用店铺的默认退货地址;没有设置地址则平台介入(截止 11月25日 10:00)。','/seller/cases/HH26112394600156','2026-11-23 02:00:00.000000',NULL,'case:1:1:seller:3');
INSERT INTO "notices" VALUES(2,3,2,'apply','新的换货申请','「纯棉中筒袜 男女同款」买家提交了换货申请。商家逾期未处理,系统将自动同意,并使用店铺的默认退货地址;没有设置地址则平台介入(截止 11月25日 10:00)。','/seller/cases/HH26112304002671','2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000','case:2:1:seller:3');
INSERT INTO "notices" VALUES(3,1,2,'agree','换货成功通知','您的换货申请已审核通过,请在 11月30日 10:00 前寄回商品;换货尚未完成。
退货地址:仓库 13800138000 浙江省义乌市北苑街道1号。退回运费:商家承担。','/cases/HH26112304002671','2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000','case:2:2:buyer:1');
INSERT INTO "notices" VALUES(4,3,2,'ship_return','买家已寄回商品','「纯棉中筒袜 男女同款」买家已寄回商品。商家逾期未验货且退货已有物流记录,将视为验货通过;没有物流记录则平台介入(截止 12月3日 10:00)。','/seller/cases/HH26112304002671','2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000','case:2:3:seller:3');
INSERT INTO "notices" VALUES(5,1,2,'accept_goods','验货通过','「纯棉中筒袜 男女同款」商家验货通过,等待发出换货商品。商家逾期未发货,买家可以催办或转退款(截止 11月26日 10:00)。','/cases/HH26112304002671','2026-11-23 02:00:00.000000',NULL,'case:2:4:buyer:1');
INSERT INTO "notices" VALUES(6,1,2,'ship_replacement','换货商品已发出','「纯棉中筒袜 男女同款」商家已发出换货商品。逾期未确认且发出的商品已有物流记录,系统将自动确认收货;没有物流记录则平台介入(截止 12月3日 10:00)。','/cases/HH26112304002671','2026-11-23 02:00:00.000000',NULL,'case:2:5:buyer:1');
INSERT INTO "notices" VALUES(7,3,3,'apply','新的换货申请','「纯棉中筒袜 男女同款」买家提交了换货申请。商家逾期未处理,系统将自动同意,并使用店铺的默认退货地址;没有设置地址则平台介入(截止 11月25日 10:00)。','/seller/cases/HH26112313813652','2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000','case:3:1:seller:3');
INSERT INTO "notices" VALUES(8,1,3,'agree','换货成功通知','您的换货申请已审核通过,请在 11月30日 10:00 前寄回商品;换货尚未完成。
退货地址:仓库 13800138000 浙江省义乌市北苑街道1号。退回运费:商家承担。','/cases/HH26112313813652','2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000','case:3:2:buyer:1');
INSERT INTO "notices" VALUES(9,3,3,'ship_return','买家已寄回商品','「纯棉中筒袜 男女同款」买家已寄回商品。商家逾期未验货且退货已有物流记录,将视为验货通过;没有物流记录则平台介入(截止 12月3日 10:00)。','/seller/cases/HH26112313813652','2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000','case:3:3:seller:3');
INSERT INTO "notices" VALUES(10,1,3,'accept_goods','验货通过','「纯棉中筒袜 男女同款」商家验货通过,等待发出换货商品。商家逾期未发货,买家可以催办或转退款(截止 11月26日 10:00)。','/cases/HH26112313813652','2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000','case:3:4:buyer:1');
INSERT INTO "notices" VALUES(11,1,3,'ship_replacement','换货商品已发出','「纯棉中筒袜 男女同款」商家已发出换货商品。逾期未确认且发出的商品已有物流记录,系统将自动确认收货;没有物流记录则平台介入(截止 12月3日 10:00)。','/cases/HH26112313813652','2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000','case:3:5:buyer:1');
INSERT INTO "notices" VALUES(12,3,3,'confirm','换货完成','「纯棉中筒袜 男女同款」买家确认收货,换货完成。','/seller/cases/HH26112313813652','2026-11-23 02:00:00.000000',NULL,'case:3:6:seller:3');
INSERT INTO "notices" VALUES(13,1,3,'confirm','换货完成','「纯棉中筒袜 男女同款」买家确认收货,换货完成。','/cases/HH26112313813652','2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000','case:3:6:buyer:1');
INSERT INTO "notices" VALUES(14,3,4,'apply','新的退货退款申请','「纯棉中筒袜 男女同款」买家提交了退货退款申请。商家逾期未处理,系统将自动同意退货退款,并使用店铺的默认退货地址(截止 11月25日 10:00)。','/seller/cases/HH26112365392029','2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000','case:4:1:seller:3');
INSERT INTO "notices" VALUES(15,1,4,'agree','退货退款申请已通过','您的退货退款申请已审核通过,请在 11月30日 10:00 前寄回商品;退款尚未完成。
退货地址:仓库 13800138000 浙江省义乌市北苑街道1号。退回运费:商家承担。','/cases/HH26112365392029','2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000','case:4:2:buyer:1');
INSERT INTO "notices" VALUES(16,3,4,'ship_return','买家已寄回商品','「纯棉中筒袜 男女同款」买家已寄回商品。商家逾期未验货且退货已有物流记录,将视为验货通过;没有物流记录则平台介入(截止 12月3日 10:00)。','/seller/cases/HH26112365392029','2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000','case:4:3:seller:3');
INSERT INTO "notices" VALUES(17,1,4,'accept_goods','验货通过','「纯棉中筒袜 男女同款」商家验货通过,等待退款。商家超过法定期限未退款,平台将介入(截止 11月30日 10:00)。','/cases/HH26112365392029','2026-11-23 02:00:00.000000',NULL,'case:4:4:buyer:1');
INSERT INTO "notices" VALUES(18,4,5,'apply','新的换货申请','「纯棉中筒袜 男女同款」买家提交了换货申请。商家逾期未处理,系统将自动同意,并使用店铺的默认退货地址;没有设置地址则平台介入(截止 11月25日 10:00)。','/seller/cases/HH26112379871426','2026-11-23 02:00:00.000000',NULL,'case:5:1:seller:4');
CREATE TABLE order_lines (
	id INTEGER NOT NULL,
	order_id INTEGER NOT NULL,
	position INTEGER NOT NULL,
	line_key VARCHAR(500) NOT NULL,
	title VARCHAR(300) NOT NULL,
	spec VARCHAR(300) NOT NULL,
	unit VARCHAR(20) NOT NULL,
	unit_price_fen INTEGER NOT NULL,
	quantity_milli INTEGER NOT NULL,
	claimed_milli INTEGER NOT NULL,
	refunded_fen INTEGER NOT NULL,
	refunded_milli INTEGER NOT NULL,
	cargo_no VARCHAR(80) NOT NULL,
	offer_id VARCHAR(40) NOT NULL,
	sku_id VARCHAR(40) NOT NULL,
	guarantees VARCHAR(200) NOT NULL,
	product_id INTEGER,
	snapshot JSON NOT NULL, unfit_confirmed_at DATETIME,
	CONSTRAINT pk_order_lines PRIMARY KEY (id),
	CONSTRAINT ck_order_lines_ledger CHECK (claimed_milli BETWEEN 0 AND quantity_milli),
	CONSTRAINT ck_order_lines_quantity CHECK (quantity_milli > 0),
	CONSTRAINT ck_order_lines_refunded CHECK (refunded_fen >= 0 AND refunded_milli BETWEEN 0 AND quantity_milli),
	CONSTRAINT fk_order_lines_order_id FOREIGN KEY(order_id) REFERENCES orders (id),
	CONSTRAINT fk_order_lines_product_id FOREIGN KEY(product_id) REFERENCES products (id),
	CONSTRAINT uq_order_lines_order_id_line_key UNIQUE (order_id, line_key)
);
INSERT INTO "order_lines" VALUES(1,1,1,'line-0','纯棉中筒袜 男女同款','黑色;L','双',1250,10000,2000,0,0,'HH-100','622419341609','4900392655487','',1,'{"\u8d27\u54c1\u6807\u9898": "\u7eaf\u68c9\u4e2d\u7b52\u889c \u7537\u5973\u540c\u6b3e", "\u578b\u53f7": "\u9ed1\u8272;L"}',NULL);
INSERT INTO "order_lines" VALUES(2,2,1,'line-0','纯棉中筒袜 男女同款','黑色;L','双',1250,10000,2000,0,0,'HH-100','622419341609','4900392655487','',2,'{"\u8d27\u54c1\u6807\u9898": "\u7eaf\u68c9\u4e2d\u7b52\u889c \u7537\u5973\u540c\u6b3e", "\u578b\u53f7": "\u9ed1\u8272;L"}',NULL);
INSERT INTO "order_lines" VALUES(3,3,1,'line-0','纯棉中筒袜 男女同款','黑色;L','双',1250,10000,2000,0,0,'HH-100','622419341609','4900392655487','',3,'{"\u8d27\u54c1\u6807\u9898": "\u7eaf\u68c9\u4e2d\u7b52\u889c \u7537\u5973\u540c\u6b3e", "\u578b\u53f7": "\u9ed1\u8272;L"}',NULL);
INSERT INTO "order_lines" VALUES(4,4,1,'line-0','纯棉中筒袜 男女同款','黑色;L','双',1250,10000,2000,2500,2000,'HH-100','622419341609','4900392655487','',4,'{"\u8d27\u54c1\u6807\u9898": "\u7eaf\u68c9\u4e2d\u7b52\u889c \u7537\u5973\u540c\u6b3e", "\u578b\u53f7": "\u9ed1\u8272;L"}',NULL);
INSERT INTO "order_lines" VALUES(5,5,1,'line-0','纯棉中筒袜 男女同款','黑色;L','双',1250,10000,2000,0,0,'HH-100','622419341609','4900392655487','',5,'{"\u8d27\u54c1\u6807\u9898": "\u7eaf\u68c9\u4e2d\u7b52\u889c \u7537\u5973\u540c\u6b3e", "\u578b\u53f7": "\u9ed1\u8272;L"}',NULL);
INSERT INTO "order_lines" VALUES(6,5,2,'line-1','纯棉中筒袜 男女同款','黑色;L','双',1250,10000,2000,0,0,'HH-101','622419341609','4900392655487','',6,'{"\u8d27\u54c1\u6807\u9898": "\u7eaf\u68c9\u4e2d\u7b52\u889c \u7537\u5973\u540c\u6b3e", "\u578b\u53f7": "\u9ed1\u8272;L"}',NULL);
CREATE TABLE order_links (
	downstream_id INTEGER NOT NULL,
	upstream_id INTEGER NOT NULL,
	shop_id INTEGER NOT NULL,
	channel VARCHAR(60) NOT NULL,
	created_by INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	CONSTRAINT pk_order_links PRIMARY KEY (downstream_id),
	CONSTRAINT fk_order_links_downstream_id FOREIGN KEY(downstream_id) REFERENCES orders (id),
	CONSTRAINT fk_order_links_upstream_id FOREIGN KEY(upstream_id) REFERENCES orders (id),
	CONSTRAINT fk_order_links_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id),
	CONSTRAINT fk_order_links_created_by FOREIGN KEY(created_by) REFERENCES users (id)
);
CREATE TABLE order_watches (
	order_id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_order_watches PRIMARY KEY (order_id),
	CONSTRAINT fk_order_watches_order_id FOREIGN KEY(order_id) REFERENCES orders (id),
	CONSTRAINT fk_order_watches_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);
CREATE TABLE orders (
	id INTEGER NOT NULL,
	order_no VARCHAR(40) NOT NULL,
	shop_id INTEGER NOT NULL,
	buyer_id INTEGER NOT NULL,
	status VARCHAR(12) NOT NULL,
	status_text VARCHAR(60) NOT NULL,
	ordered_at DATETIME NOT NULL,
	paid_at DATETIME,
	received_at DATETIME,
	goods_total_fen INTEGER NOT NULL,
	freight_fen INTEGER NOT NULL,
	adjustment_fen INTEGER NOT NULL,
	paid_fen INTEGER NOT NULL,
	refunded_fen INTEGER NOT NULL,
	receiver_name VARCHAR(100) NOT NULL,
	receiver_phone VARCHAR(40) NOT NULL,
	receiver_address VARCHAR(400) NOT NULL,
	carrier_text VARCHAR(300) NOT NULL,
	tracking_text VARCHAR(600) NOT NULL,
	buyer_note TEXT NOT NULL,
	downstream_channel VARCHAR(60) NOT NULL,
	downstream_order_no VARCHAR(80) NOT NULL,
	is_dropship BOOLEAN NOT NULL,
	more JSON NOT NULL,
	case_count INTEGER NOT NULL,
	version INTEGER NOT NULL,
	imported_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL, consumer BOOLEAN DEFAULT 0 NOT NULL, apply_from DATETIME, apply_by DATETIME, apply_provisional BOOLEAN DEFAULT 0 NOT NULL, followed_text VARCHAR(600) DEFAULT '' NOT NULL, shipped_at DATETIME, cancelled_at DATETIME,
	CONSTRAINT pk_orders PRIMARY KEY (id),
	CONSTRAINT ck_orders_status CHECK (status IN ('unpaid','unshipped','in_transit','delivered','completed','cancelled','refunding','unknown')),
	CONSTRAINT ck_orders_refunded CHECK (refunded_fen BETWEEN 0 AND paid_fen),
	CONSTRAINT fk_orders_buyer_id FOREIGN KEY(buyer_id) REFERENCES users (id),
	CONSTRAINT fk_orders_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id),
	CONSTRAINT uq_orders_order_no UNIQUE (order_no)
);
INSERT INTO "orders" VALUES(1,'2072591096843386673',1,1,'completed','completed','2026-11-17 02:00:00.000000','2026-11-17 02:00:00.000000','2026-11-21 02:00:00.000000',12500,0,0,12500,0,'李雯','13425059650','四川省 成都市 武侯区 一环路南二段8号','中通快递(ZTO)','75484863576596','','','',0,'{}',1,2,'2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000',0,NULL,NULL,0,'',NULL,NULL);
INSERT INTO "orders" VALUES(2,'1071259864126783046',1,1,'completed','completed','2026-11-17 02:00:00.000000','2026-11-17 02:00:00.000000','2026-11-21 02:00:00.000000',12500,0,0,12500,0,'李雯','13425059650','四川省 成都市 武侯区 一环路南二段8号','中通快递(ZTO)','75484863576596','','','',0,'{}',1,6,'2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000',0,NULL,NULL,0,'',NULL,NULL);
INSERT INTO "orders" VALUES(3,'3473755794425588980',1,1,'completed','completed','2026-11-17 02:00:00.000000','2026-11-17 02:00:00.000000','2026-11-21 02:00:00.000000',12500,0,0,12500,0,'李雯','13425059650','四川省 成都市 武侯区 一环路南二段8号','中通快递(ZTO)','75484863576596','','','',0,'{}',1,7,'2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000',0,NULL,NULL,0,'',NULL,NULL);
INSERT INTO "orders" VALUES(4,'6571230879848180345',1,1,'completed','completed','2026-11-17 02:00:00.000000','2026-11-17 02:00:00.000000','2026-11-21 02:00:00.000000',12500,0,0,12500,2500,'李雯','13425059650','四川省 成都市 武侯区 一环路南二段8号','中通快递(ZTO)','75484863576596','','','',0,'{}',1,5,'2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000',0,NULL,NULL,0,'',NULL,NULL);
INSERT INTO "orders" VALUES(5,'7999083160996987158',2,2,'completed','completed','2026-11-17 02:00:00.000000','2026-11-17 02:00:00.000000','2026-11-21 02:00:00.000000',25000,0,0,25000,0,'李雯','13425059650','四川省 成都市 武侯区 一环路南二段8号','中通快递(ZTO)','75484863576596','','','',0,'{}',1,2,'2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000',0,NULL,NULL,0,'',NULL,NULL);
CREATE TABLE parcel_lines (
	id INTEGER NOT NULL,
	parcel_id INTEGER NOT NULL,
	case_line_id INTEGER NOT NULL,
	quantity_milli INTEGER NOT NULL,
	spec VARCHAR(300) NOT NULL,
	CONSTRAINT pk_parcel_lines PRIMARY KEY (id),
	CONSTRAINT ck_parcel_lines_quantity CHECK (quantity_milli > 0),
	CONSTRAINT fk_parcel_lines_case_line_id FOREIGN KEY(case_line_id) REFERENCES case_lines (id),
	CONSTRAINT fk_parcel_lines_parcel_id FOREIGN KEY(parcel_id) REFERENCES parcels (id),
	CONSTRAINT uq_parcel_lines_parcel_id_case_line_id UNIQUE (parcel_id, case_line_id)
);
INSERT INTO "parcel_lines" VALUES(1,2,2,2000,'黑色;L');
INSERT INTO "parcel_lines" VALUES(2,4,3,2000,'黑色;L');
CREATE TABLE parcel_traces (
	id INTEGER NOT NULL,
	parcel_id INTEGER NOT NULL,
	at DATETIME NOT NULL,
	status VARCHAR(10) NOT NULL,
	words VARCHAR(300) NOT NULL, origin VARCHAR(10) DEFAULT '' NOT NULL, doubt VARCHAR(10) DEFAULT '' NOT NULL, delivering BOOLEAN DEFAULT 0 NOT NULL,
	CONSTRAINT pk_parcel_traces PRIMARY KEY (id),
	CONSTRAINT ck_parcel_traces_status CHECK (status IN ('picked','transit','station','signed','exception','returned','lost')),
	CONSTRAINT fk_parcel_traces_parcel_id FOREIGN KEY(parcel_id) REFERENCES parcels (id),
	CONSTRAINT uq_parcel_traces_parcel_id_at_words UNIQUE (parcel_id, at, words)
);
CREATE TABLE parcels (
	id INTEGER NOT NULL,
	case_id INTEGER NOT NULL,
	leg VARCHAR(8) NOT NULL,
	round INTEGER NOT NULL,
	carrier VARCHAR(16) NOT NULL,
	carrier_name VARCHAR(60) NOT NULL,
	tracking_no VARCHAR(40) NOT NULL,
	note VARCHAR(200) NOT NULL,
	shipped_at DATETIME NOT NULL,
	shipped_by INTEGER NOT NULL,
	traced_at DATETIME,
	signed_at DATETIME,
	lost_at DATETIME,
	voided_at DATETIME,
	CONSTRAINT pk_parcels PRIMARY KEY (id),
	CONSTRAINT ck_parcels_leg CHECK (leg IN ('back','out','refused')),
	CONSTRAINT fk_parcels_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
	CONSTRAINT fk_parcels_shipped_by FOREIGN KEY(shipped_by) REFERENCES users (id)
);
INSERT INTO "parcels" VALUES(1,2,'back',1,'ZTO','中通快递','75484863576596','','2026-11-23 02:00:00.000000',1,NULL,NULL,NULL,NULL);
INSERT INTO "parcels" VALUES(2,2,'out',1,'ZTO','中通快递','75484863576596','','2026-11-23 02:00:00.000000',3,NULL,NULL,NULL,NULL);
INSERT INTO "parcels" VALUES(3,3,'back',1,'ZTO','中通快递','75484863576596','','2026-11-23 02:00:00.000000',1,NULL,NULL,NULL,NULL);
INSERT INTO "parcels" VALUES(4,3,'out',1,'ZTO','中通快递','75484863576596','','2026-11-23 02:00:00.000000',3,NULL,NULL,NULL,NULL);
INSERT INTO "parcels" VALUES(5,4,'back',1,'ZTO','中通快递','75484863576596','','2026-11-23 02:00:00.000000',1,NULL,NULL,NULL,NULL);
CREATE TABLE payout_files (
	id INTEGER NOT NULL,
	public_id VARCHAR(32) NOT NULL,
	shop_id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	kind VARCHAR(7) NOT NULL,
	state VARCHAR(7) NOT NULL,
	name VARCHAR(200) NOT NULL,
	rows JSON NOT NULL,
	row_count INTEGER NOT NULL,
	amount_fen INTEGER NOT NULL,
	made_at DATETIME NOT NULL,
	CONSTRAINT pk_payout_files PRIMARY KEY (id),
	CONSTRAINT ck_payout_files_kind CHECK (kind IN ('batch','results')),
	CONSTRAINT ck_payout_files_state CHECK (state IN ('made','checked','done')),
	CONSTRAINT fk_payout_files_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id),
	CONSTRAINT fk_payout_files_user_id FOREIGN KEY(user_id) REFERENCES users (id),
	CONSTRAINT uq_payout_files_public_id UNIQUE (public_id)
);
CREATE TABLE policies (
	id INTEGER NOT NULL,
	shop_id INTEGER NOT NULL,
	version INTEGER NOT NULL,
	window_days INTEGER NOT NULL,
	hidden_days INTEGER NOT NULL,
	special_freight VARCHAR(12) NOT NULL,
	guarantees VARCHAR(200) NOT NULL,
	types VARCHAR(60) NOT NULL,
	excluded JSON NOT NULL,
	words TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	created_by INTEGER,
	CONSTRAINT pk_policies PRIMARY KEY (id),
	CONSTRAINT ck_policies_special_freight CHECK (special_freight IN ('buyer','seller','negotiated')),
	CONSTRAINT ck_policies_hidden CHECK (hidden_days BETWEEN 7 AND 180),
	CONSTRAINT ck_policies_window CHECK (window_days BETWEEN 7 AND 30),
	CONSTRAINT fk_policies_created_by FOREIGN KEY(created_by) REFERENCES users (id),
	CONSTRAINT fk_policies_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id),
	CONSTRAINT uq_policies_shop_id_version UNIQUE (shop_id, version)
);
INSERT INTO "policies" VALUES(1,1,1,15,30,'negotiated','','exchange,reissue,return_refund,refund_only','[]','','2026-11-23 02:00:00.000000',NULL);
INSERT INTO "policies" VALUES(2,2,1,15,30,'negotiated','','exchange,reissue,return_refund,refund_only','[]','','2026-11-23 02:00:00.000000',NULL);
CREATE TABLE products (
	id INTEGER NOT NULL,
	shop_id INTEGER NOT NULL,
	product_key VARCHAR(120) NOT NULL,
	title VARCHAR(300) NOT NULL,
	cargo_no VARCHAR(80) NOT NULL,
	picture VARCHAR(60),
	exchangeable BOOLEAN NOT NULL, no_reason_excluded VARCHAR(12) DEFAULT '' NOT NULL,
	CONSTRAINT pk_products PRIMARY KEY (id),
	CONSTRAINT fk_products_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id),
	CONSTRAINT uq_products_shop_id_product_key UNIQUE (shop_id, product_key)
);
INSERT INTO "products" VALUES(1,1,'df07e1a37bc88f4e','纯棉中筒袜 男女同款','HH-100',NULL,1,'');
INSERT INTO "products" VALUES(2,1,'ee4a9855f1cadbed','纯棉中筒袜 男女同款','HH-100',NULL,1,'');
INSERT INTO "products" VALUES(3,1,'0099e48aeac0c738','纯棉中筒袜 男女同款','HH-100',NULL,1,'');
INSERT INTO "products" VALUES(4,1,'9f79c064024dca86','纯棉中筒袜 男女同款','HH-100',NULL,1,'');
INSERT INTO "products" VALUES(5,2,'ca05aac982a470c8','纯棉中筒袜 男女同款','HH-100',NULL,1,'');
INSERT INTO "products" VALUES(6,2,'ae67123f4011fbc8','纯棉中筒袜 男女同款','HH-101',NULL,1,'');
CREATE TABLE proposals (
	id INTEGER NOT NULL,
	case_id INTEGER NOT NULL,
	version INTEGER NOT NULL,
	side VARCHAR(8) NOT NULL,
	state VARCHAR(12) NOT NULL,
	type VARCHAR(16) NOT NULL,
	goods_back BOOLEAN NOT NULL,
	lines JSON NOT NULL,
	amount_fen INTEGER NOT NULL,
	compensation_fen INTEGER NOT NULL,
	freight_payer VARCHAR(12) NOT NULL,
	difference_fen INTEGER NOT NULL,
	difference_waived BOOLEAN NOT NULL,
	note VARCHAR(500) NOT NULL,
	made_at DATETIME NOT NULL,
	made_by INTEGER,
	answered_at DATETIME,
	answered_by INTEGER,
	CONSTRAINT pk_proposals PRIMARY KEY (id),
	CONSTRAINT ck_proposals_freight_payer CHECK (freight_payer IN ('buyer','seller')),
	CONSTRAINT ck_proposals_side CHECK (side IN ('buyer','seller')),
	CONSTRAINT ck_proposals_state CHECK (state IN ('open','accepted','declined','lapsed','replaced')),
	CONSTRAINT ck_proposals_type CHECK (type IN ('exchange','reissue','return_refund','refund_only')),
	CONSTRAINT ck_proposals_amounts CHECK (amount_fen >= 0 AND compensation_fen >= 0),
	CONSTRAINT fk_proposals_answered_by FOREIGN KEY(answered_by) REFERENCES users (id),
	CONSTRAINT fk_proposals_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
	CONSTRAINT fk_proposals_made_by FOREIGN KEY(made_by) REFERENCES users (id),
	CONSTRAINT uq_proposals_case_id_version UNIQUE (case_id, version)
);
CREATE TABLE rate_counts (
	bucket VARCHAR(120) NOT NULL,
	until DATETIME NOT NULL,
	count INTEGER NOT NULL,
	CONSTRAINT pk_rate_counts PRIMARY KEY (bucket)
);
CREATE TABLE return_addresses (
	id INTEGER NOT NULL,
	shop_id INTEGER NOT NULL,
	name VARCHAR(60) NOT NULL,
	phone VARCHAR(30) NOT NULL,
	address VARCHAR(300) NOT NULL,
	note VARCHAR(200) NOT NULL,
	is_default BOOLEAN NOT NULL,
	created_at DATETIME NOT NULL,
	removed_at DATETIME,
	CONSTRAINT pk_return_addresses PRIMARY KEY (id),
	CONSTRAINT fk_return_addresses_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id)
);
INSERT INTO "return_addresses" VALUES(1,1,'仓库','13800138000','浙江省义乌市北苑街道1号','',1,'2026-11-23 02:00:00.000000',NULL);
INSERT INTO "return_addresses" VALUES(2,2,'仓库','13800138000','浙江省义乌市北苑街道1号','',1,'2026-11-23 02:00:00.000000',NULL);
CREATE TABLE rule_versions (
	id INTEGER NOT NULL,
	version INTEGER NOT NULL,
	words TEXT NOT NULL,
	changes TEXT NOT NULL,
	published_at DATETIME NOT NULL,
	published_by INTEGER,
	effective_at DATETIME NOT NULL,
	exception TEXT NOT NULL,
	CONSTRAINT pk_rule_versions PRIMARY KEY (id),
	CONSTRAINT ck_rule_versions_effective CHECK (effective_at >= published_at),
	CONSTRAINT fk_rule_versions_published_by FOREIGN KEY(published_by) REFERENCES users (id),
	CONSTRAINT uq_rule_versions_version UNIQUE (version)
);
INSERT INTO "rule_versions" VALUES(1,1,'一、适用范围
本规则适用于铺货(分销)订单:商家从供应商采购,再通过自己的店铺卖给消费者。

二、未确认或尚未发货的订单
商家可以直接在订单列表中撤销申请,一笔或多笔。提交后立即生效;如果供应商在同一时刻发货,以先完成的一方为准。
已付的款项由供应商退回。

三、已确认和已发货的订单
商家须在 7 个工作日内提交退换货申请,自签收之日的次日起算;没有签收记录的,自发货之日的次日起算。超过期限的,可以申请与供应商协商,须供应商同意。

四、办理时限
自提交申请之日的次日起 15 个工作日内办完。超过时限会提醒双方并标为超期,不会因此关闭售后单。

五、工作日
按国务院办公厅公布的放假和调休安排计算。下一年度的安排公布之前,暂按周一至周五计算并注明;公布后重新计算,只会延后,不会提前。

六、消费者的权利
消费者在网上购物,依照《消费者权益保护法》第二十五条享有七日无理由退货的权利,自签收之日的次日起算。定作的、鲜活易腐的、在线下载或者已拆封的数字化商品、交付的报刊,以及购买时经消费者确认不宜退货的商品除外。退回的商品应当完好;商家自收到退回商品之日起七日内返还货款;退回运费由消费者承担,另有约定的按约定。

七、规则的修改
修改在生效前至少 7 日公布。已经提交的售后单按提交时的规则办理。
','首次公布','2025-12-31 16:00:00.000000',NULL,'2025-12-31 16:00:00.000000','');
CREATE TABLE sessions (
	id_hash VARCHAR(64) NOT NULL,
	user_id INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	seen_at DATETIME NOT NULL,
	expires_at DATETIME NOT NULL,
	ended_at DATETIME,
	device VARCHAR(120) NOT NULL,
	proved_at DATETIME NOT NULL,
	CONSTRAINT pk_sessions PRIMARY KEY (id_hash),
	CONSTRAINT fk_sessions_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);
CREATE TABLE shipment_traces (
	id INTEGER NOT NULL,
	shipment_id INTEGER NOT NULL,
	at DATETIME NOT NULL,
	status VARCHAR(10) NOT NULL,
	words VARCHAR(300) NOT NULL,
	origin VARCHAR(10) NOT NULL,
	doubt VARCHAR(10) NOT NULL,
	CONSTRAINT pk_shipment_traces PRIMARY KEY (id),
	CONSTRAINT ck_shipment_traces_status CHECK (status IN ('picked','transit','delivering','station','signed','exception','returned','lost')),
	CONSTRAINT fk_shipment_traces_shipment_id FOREIGN KEY(shipment_id) REFERENCES shipments (id),
	CONSTRAINT uq_shipment_traces_shipment_id_at_words UNIQUE (shipment_id, at, words)
);
CREATE TABLE shipments (
	id INTEGER NOT NULL,
	track_id INTEGER,
	shop_id INTEGER NOT NULL,
	order_id INTEGER NOT NULL,
	case_id INTEGER,
	parcel_id INTEGER,
	carrier VARCHAR(16) NOT NULL,
	carrier_name VARCHAR(60) NOT NULL,
	tracking_no VARCHAR(40) NOT NULL,
	since_at DATETIME NOT NULL,
	last_at DATETIME,
	status VARCHAR(10) NOT NULL,
	signed_at DATETIME,
	lost_at DATETIME,
	faulty BOOLEAN NOT NULL,
	denied BOOLEAN NOT NULL,
	failing BOOLEAN NOT NULL,
	ended_at DATETIME,
	CONSTRAINT pk_shipments PRIMARY KEY (id),
	CONSTRAINT ck_shipments_parcel CHECK ((parcel_id IS NULL) = (case_id IS NULL)),
	CONSTRAINT fk_shipments_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
	CONSTRAINT fk_shipments_order_id FOREIGN KEY(order_id) REFERENCES orders (id),
	CONSTRAINT fk_shipments_parcel_id FOREIGN KEY(parcel_id) REFERENCES parcels (id),
	CONSTRAINT fk_shipments_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id),
	CONSTRAINT fk_shipments_track_id FOREIGN KEY(track_id) REFERENCES tracks (id),
	CONSTRAINT uq_shipments_parcel_id UNIQUE (parcel_id)
);
INSERT INTO "shipments" VALUES(1,1,1,2,2,1,'ZTO','中通快递','75484863576596','2026-11-23 02:00:00.000000',NULL,'',NULL,NULL,0,0,0,'2026-11-23 02:00:00.000000');
INSERT INTO "shipments" VALUES(2,1,1,2,2,2,'ZTO','中通快递','75484863576596','2026-11-23 02:00:00.000000',NULL,'',NULL,NULL,0,0,0,NULL);
INSERT INTO "shipments" VALUES(3,1,1,3,3,3,'ZTO','中通快递','75484863576596','2026-11-23 02:00:00.000000',NULL,'',NULL,NULL,0,0,0,'2026-11-23 02:00:00.000000');
INSERT INTO "shipments" VALUES(4,1,1,3,3,4,'ZTO','中通快递','75484863576596','2026-11-23 02:00:00.000000',NULL,'',NULL,NULL,0,0,0,'2026-11-23 02:00:00.000000');
INSERT INTO "shipments" VALUES(5,1,1,4,4,5,'ZTO','中通快递','75484863576596','2026-11-23 02:00:00.000000',NULL,'',NULL,NULL,0,0,0,'2026-11-23 02:00:00.000000');
CREATE TABLE shops (
	id INTEGER NOT NULL,
	name VARCHAR(200) NOT NULL,
	owner_id INTEGER NOT NULL,
	approval_fen INTEGER NOT NULL,
	opens INTEGER NOT NULL,
	closes INTEGER NOT NULL,
	bank_data BOOLEAN NOT NULL,
	created_at DATETIME NOT NULL,
	version INTEGER NOT NULL,
	CONSTRAINT pk_shops PRIMARY KEY (id),
	CONSTRAINT ck_shops_office_hours CHECK (opens >= 0 AND opens < closes AND closes <= 1440),
	CONSTRAINT fk_shops_owner_id FOREIGN KEY(owner_id) REFERENCES users (id),
	CONSTRAINT uq_shops_owner_id UNIQUE (owner_id)
);
INSERT INTO "shops" VALUES(1,'seller的店',3,200000,540,1080,0,'2026-11-23 02:00:00.000000',19);
INSERT INTO "shops" VALUES(2,'seller2的店',4,200000,540,1080,0,'2026-11-23 02:00:00.000000',2);
CREATE TABLE skus (
	id INTEGER NOT NULL,
	product_id INTEGER NOT NULL,
	sku_key VARCHAR(200) NOT NULL,
	spec VARCHAR(300) NOT NULL,
	price_fen INTEGER NOT NULL,
	in_stock BOOLEAN NOT NULL,
	CONSTRAINT pk_skus PRIMARY KEY (id),
	CONSTRAINT fk_skus_product_id FOREIGN KEY(product_id) REFERENCES products (id),
	CONSTRAINT uq_skus_product_id_sku_key UNIQUE (product_id, sku_key)
);
INSERT INTO "skus" VALUES(1,1,'49000000010','黑色;L',1250,1);
INSERT INTO "skus" VALUES(2,1,'49000000011','白色;L',1250,1);
INSERT INTO "skus" VALUES(3,2,'49000000020','黑色;L',1250,1);
INSERT INTO "skus" VALUES(4,2,'49000000021','白色;L',1250,1);
INSERT INTO "skus" VALUES(5,3,'49000000030','黑色;L',1250,1);
INSERT INTO "skus" VALUES(6,3,'49000000031','白色;L',1250,1);
INSERT INTO "skus" VALUES(7,4,'49000000040','黑色;L',1250,1);
INSERT INTO "skus" VALUES(8,4,'49000000041','白色;L',1250,1);
INSERT INTO "skus" VALUES(9,5,'49000000050','黑色;L',1250,1);
INSERT INTO "skus" VALUES(10,5,'49000000051','白色;L',1250,1);
INSERT INTO "skus" VALUES(11,6,'49000000060','黑色;L',1250,1);
INSERT INTO "skus" VALUES(12,6,'49000000061','白色;L',1250,1);
CREATE TABLE staff (
	user_id INTEGER NOT NULL,
	shop_id INTEGER NOT NULL,
	role VARCHAR(12) NOT NULL,
	CONSTRAINT pk_staff PRIMARY KEY (user_id),
	CONSTRAINT ck_staff_role CHECK (role IN ('owner','agent','warehouse','finance')),
	CONSTRAINT fk_staff_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id),
	CONSTRAINT fk_staff_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "staff" VALUES(3,1,'owner');
INSERT INTO "staff" VALUES(4,2,'owner');
CREATE TABLE trace_files (
	id INTEGER NOT NULL,
	public_id VARCHAR(32) NOT NULL,
	shop_id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	name VARCHAR(200) NOT NULL,
	state VARCHAR(8) NOT NULL,
	rows JSON NOT NULL,
	made_at DATETIME NOT NULL,
	CONSTRAINT pk_trace_files PRIMARY KEY (id),
	CONSTRAINT ck_trace_files_state CHECK (state IN ('checked','done')),
	CONSTRAINT fk_trace_files_shop_id FOREIGN KEY(shop_id) REFERENCES shops (id),
	CONSTRAINT fk_trace_files_user_id FOREIGN KEY(user_id) REFERENCES users (id),
	CONSTRAINT uq_trace_files_public_id UNIQUE (public_id)
);
CREATE TABLE tracks (
	id INTEGER NOT NULL,
	carrier VARCHAR(16) NOT NULL,
	tracking_no VARCHAR(40) NOT NULL,
	phone_tail VARCHAR(4) NOT NULL,
	since_at DATETIME NOT NULL,
	next_at DATETIME,
	tried_at DATETIME,
	checked_at DATETIME,
	failures INTEGER NOT NULL,
	error VARCHAR(12) NOT NULL,
	ended_at DATETIME,
	CONSTRAINT pk_tracks PRIMARY KEY (id),
	CONSTRAINT ck_tracks_ended CHECK (next_at IS NULL OR ended_at IS NULL),
	CONSTRAINT ck_tracks_failures CHECK (failures >= 0),
	CONSTRAINT uq_tracks_carrier_tracking_no UNIQUE (carrier, tracking_no)
);
INSERT INTO "tracks" VALUES(1,'ZTO','75484863576596','8000','2026-11-23 02:00:00.000000','2026-11-23 02:00:00.000000',NULL,NULL,0,'',NULL);
CREATE TABLE users (
	id INTEGER NOT NULL,
	member_name VARCHAR(64) NOT NULL,
	company_name VARCHAR(200) NOT NULL,
	password_hash VARCHAR(255),
	created_at DATETIME NOT NULL,
	disabled_at DATETIME,
	mediator BOOLEAN NOT NULL,
	version INTEGER NOT NULL, operator BOOLEAN DEFAULT 0 NOT NULL,
	CONSTRAINT pk_users PRIMARY KEY (id),
	CONSTRAINT uq_users_member_name UNIQUE (member_name)
);
INSERT INTO "users" VALUES(1,'buyer','buyer公司','$argon2id$v=19$m=19456,t=2,p=1$BRIO7rF8Q9rYlkbpbPWlZQ$5GXwcuf3Nt9tceIj3JIUIQXmsLDsTIuMf7bNcyoSdmk','2026-11-23 02:00:00.000000',NULL,0,19,0);
INSERT INTO "users" VALUES(2,'buyer2','buyer2公司','$argon2id$v=19$m=19456,t=2,p=1$TZvmcw7MQ/hFknbVGY+pBA$E81RjLLDFxFqhiwKWzvnEdHisXxx/DSypejldEJbjKk','2026-11-23 02:00:00.000000',NULL,0,2,0);
INSERT INTO "users" VALUES(3,'seller','seller公司','$argon2id$v=19$m=19456,t=2,p=1$m3ZQRK2YszOkbiHttA0IEg$FcAHClh6D4mYZPqsgPL2f6v7TSsFC1U43ocDuIfM84k','2026-11-23 02:00:00.000000',NULL,0,1,0);
INSERT INTO "users" VALUES(4,'seller2','seller2公司','$argon2id$v=19$m=19456,t=2,p=1$W9IF2gEmKCzyOvC9rDRBmQ$uJ8lQUvr0syqotdWhGCIaQrPnoWEgJCgN3qTGkJ5bXk','2026-11-23 02:00:00.000000',NULL,0,1,0);
INSERT INTO "users" VALUES(5,'mediator','mediator公司','$argon2id$v=19$m=19456,t=2,p=1$HYDNwErTndX//N26A8Zosg$yy832Bal/2zM75XjtAehQCJpB5dXHqNPt1iplAlOExU','2026-11-23 02:00:00.000000',NULL,1,1,0);
INSERT INTO "users" VALUES(6,'operator','operator公司','$argon2id$v=19$m=19456,t=2,p=1$1drY+XU7IdR+K2RH6yWINA$RbnDbKM+Trt6Wo3LaThf0jol72b2Cd1SbS6pmbk0vl8','2026-11-23 02:00:00.000000',NULL,0,1,1);
CREATE INDEX ix_rate_counts_until ON rate_counts (until);
CREATE INDEX ix_form_keys_at ON form_keys (at);
CREATE INDEX ix_kept_forms_user_id ON kept_forms (user_id, path);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE INDEX ix_sessions_user_id ON sessions (user_id);
CREATE INDEX ix_customer_notes_shop_buyer ON customer_notes (shop_id, buyer_id, id);
CREATE INDEX ix_import_jobs_shop_id ON import_jobs (shop_id, id);
CREATE INDEX ix_import_jobs_state ON import_jobs (state);
CREATE INDEX ix_orders_buyer_cases ON orders (buyer_id, ordered_at, id) WHERE case_count > 0;
CREATE INDEX ix_orders_buyer_ordered ON orders (buyer_id, ordered_at, id);
CREATE INDEX ix_orders_buyer_receiving ON orders (buyer_id, ordered_at, id) WHERE status IN ('in_transit','delivered');
CREATE INDEX ix_orders_buyer_status ON orders (buyer_id, status, ordered_at, id);
CREATE INDEX ix_orders_shop_buyer ON orders (shop_id, buyer_id, ordered_at);
CREATE INDEX ix_orders_shop_ordered ON orders (shop_id, ordered_at, id);
CREATE INDEX ix_payout_files_shop_id ON payout_files (shop_id, id);
CREATE INDEX ix_products_shop_title ON products (shop_id, title);
CREATE INDEX ix_return_addresses_shop_id ON return_addresses (shop_id);
CREATE UNIQUE INDEX uq_return_addresses_default ON return_addresses (shop_id) WHERE is_default AND removed_at IS NULL;
CREATE INDEX ix_staff_shop_id ON staff (shop_id);
CREATE INDEX ix_cases_buyer ON cases (buyer_id, updated_at, id);
CREATE INDEX ix_cases_closed ON cases (shop_id, updated_at, id) WHERE state NOT IN ('applied','proposed','revising','returning','inspecting','disputed','paying','reshipping','confirming','refunding','refund_failed','completed');
CREATE INDEX ix_cases_completed ON cases (shop_id, updated_at, id) WHERE state = 'completed';
CREATE INDEX ix_cases_due_at ON cases (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ix_cases_mediated ON cases (stage, queue_at, id) WHERE escalated;
CREATE INDEX ix_cases_mediated_shop ON cases (shop_id, queue_at, id) WHERE escalated;
CREATE INDEX ix_cases_open ON cases (shop_id, queue_at, id) WHERE state NOT IN ('completed','closed','withdrawn','converted');
CREATE INDEX ix_cases_order_id ON cases (order_id);
CREATE INDEX ix_cases_parent_id ON cases (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX ix_cases_queue ON cases (shop_id, state, queue_at, id);
CREATE INDEX ix_cases_remind_at ON cases (remind_at) WHERE remind_at IS NOT NULL;
CREATE INDEX ix_cases_waits_for_buyer ON cases (buyer_id, due_at) WHERE state IN ('proposed','revising','returning','disputed','paying','confirming') AND NOT problem_open AND NOT countered AND NOT escalated;
CREATE INDEX ix_conversations_buyer ON conversations (buyer_id, last_message_id);
CREATE INDEX ix_conversations_buyer_unread ON conversations (buyer_id) WHERE buyer_unread > 0;
CREATE INDEX ix_conversations_shop ON conversations (shop_id, last_message_id);
CREATE INDEX ix_conversations_shop_unread ON conversations (shop_id) WHERE seller_unread > 0;
CREATE INDEX ix_conversations_waiting ON conversations (shop_id, waiting_since, id) WHERE waiting_since IS NOT NULL;
CREATE INDEX ix_drafts_buyer_id ON drafts (buyer_id);
CREATE INDEX ix_order_lines_product_id ON order_lines (product_id);
CREATE INDEX ix_case_events_mediator ON case_events (actor, at, id) WHERE actor = 'mediator';
CREATE INDEX ix_case_lines_order_line_id ON case_lines (order_line_id);
CREATE INDEX ix_messages_conversation_id ON messages (conversation_id, id);
CREATE INDEX ix_money_entries_case_id ON money_entries (case_id);
CREATE INDEX ix_money_entries_open ON money_entries (shop_id, made_at, id) WHERE state IN ('waiting','due','failed','declared');
CREATE INDEX ix_money_entries_shop ON money_entries (shop_id, made_at, id);
CREATE INDEX ix_notices_case_id ON notices (case_id);
CREATE INDEX ix_notices_unread ON notices (user_id, id) WHERE read_at IS NULL;
CREATE INDEX ix_notices_user ON notices (user_id, id);
CREATE INDEX ix_parcels_case_id ON parcels (case_id);
CREATE INDEX ix_parcels_tracking_no ON parcels (tracking_no);
CREATE UNIQUE INDEX uq_proposals_open ON proposals (case_id) WHERE state = 'open';
CREATE INDEX ix_bank_consents_entry_id ON bank_consents (entry_id);
CREATE INDEX ix_bank_consents_owner_id ON bank_consents (owner_id);
CREATE INDEX ix_deliveries_next_at ON deliveries (next_at) WHERE state = 'waiting';
CREATE INDEX ix_evidence_case_id ON evidence (case_id);
CREATE INDEX ix_evidence_draft_id ON evidence (draft_id);
CREATE INDEX ix_evidence_message_id ON evidence (message_id);
CREATE INDEX ix_evidence_owner_id ON evidence (owner_id);
CREATE INDEX ix_bank_accounts_case_id ON bank_accounts (case_id);
CREATE INDEX ix_bank_accounts_erase_after ON bank_accounts (erase_after) WHERE erased_at IS NULL;
CREATE INDEX ix_bank_accounts_owner_id ON bank_accounts (owner_id, id);
CREATE UNIQUE INDEX uq_bank_accounts_live ON bank_accounts (entry_id) WHERE erased_at IS NULL;
CREATE INDEX ix_bank_views_owner_id ON bank_views (owner_id, id);
CREATE TRIGGER case_events_unchanged BEFORE UPDATE ON case_events WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER case_events_kept BEFORE DELETE ON case_events WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER policies_unchanged BEFORE UPDATE ON policies WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'policy versions are never changed'); END;
CREATE TRIGGER policies_kept BEFORE DELETE ON policies WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'policy versions are never deleted'); END;
CREATE TRIGGER cases_final BEFORE UPDATE ON cases WHEN OLD.state IN ('completed','closed','withdrawn','converted') AND (NEW.state <> OLD.state OR NEW.version <> OLD.version) BEGIN SELECT RAISE(ABORT, 'a final state is left by nobody'); END;
CREATE TRIGGER money_final BEFORE UPDATE ON money_entries WHEN OLD.state IN ('settled','cancelled') OR NEW.key <> OLD.key OR NEW.kind <> OLD.kind OR NEW.amount_fen <> OLD.amount_fen BEGIN SELECT RAISE(ABORT, 'a payment that was made is never changed'); END;
CREATE TRIGGER money_kept BEFORE DELETE ON money_entries WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'payments are never deleted'); END;
CREATE TRIGGER proposals_frozen BEFORE UPDATE ON proposals WHEN OLD.state <> 'open' BEGIN SELECT RAISE(ABORT, 'a proposal that was answered is never changed'); END;
CREATE TRIGGER proposals_kept BEFORE DELETE ON proposals WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'proposals are never deleted'); END;
CREATE TRIGGER bank_views_unchanged BEFORE UPDATE ON bank_views WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'who saw an account is never changed'); END;
CREATE TRIGGER bank_views_kept BEFORE DELETE ON bank_views WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'who saw an account is never deleted'); END;
CREATE TRIGGER bank_consents_kept BEFORE DELETE ON bank_consents WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'consents are never deleted'); END;
CREATE TRIGGER cases_kept BEFORE DELETE ON cases WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'cases are never deleted'); END;
CREATE INDEX ix_orders_to_promise ON orders (id) WHERE (is_dropship OR downstream_order_no <> '' OR downstream_channel <> '') AND apply_from IS NULL;
CREATE INDEX ix_orders_provisional ON orders (id) WHERE apply_provisional;
CREATE INDEX ix_cases_finishing ON cases (finish_by) WHERE finish_by IS NOT NULL AND overdue_at IS NULL AND state NOT IN ('completed','closed','withdrawn','converted');
CREATE INDEX ix_cases_provisional ON cases (id) WHERE finish_provisional;
CREATE TRIGGER rules_unchanged BEFORE UPDATE ON rule_versions BEGIN SELECT RAISE(ABORT, 'rules are never changed'); END;
CREATE TRIGGER rules_kept BEFORE DELETE ON rule_versions BEGIN SELECT RAISE(ABORT, 'rules are never changed'); END;
CREATE INDEX ix_order_links_upstream_id ON order_links (upstream_id);
CREATE INDEX ix_order_links_shop ON order_links (shop_id, downstream_id);
CREATE INDEX ix_case_links_shop ON case_links (shop_id, id);
CREATE UNIQUE INDEX uq_case_links_downstream_live ON case_links (downstream_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX uq_case_links_upstream_live ON case_links (upstream_id) WHERE ended_at IS NULL;
CREATE INDEX ix_access_links_case_id ON access_links (case_id);
CREATE INDEX ix_access_links_expires_at ON access_links (expires_at);
CREATE INDEX ix_tracks_next_at ON tracks (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX ix_tracks_tried_at ON tracks (tried_at);
CREATE INDEX ix_shipments_carriers ON shipments (shop_id, carrier, since_at, faulty);
CREATE INDEX ix_shipments_denied ON shipments (shop_id, last_at, id) WHERE denied;
CREATE INDEX ix_shipments_failing ON shipments (shop_id, since_at, id) WHERE ended_at IS NULL AND failing;
CREATE INDEX ix_shipments_gone ON shipments (shop_id, status, last_at, id) WHERE ended_at IS NULL AND status IN ('returned','lost');
CREATE INDEX ix_shipments_never_scanned ON shipments (shop_id, since_at, id) WHERE ended_at IS NULL AND last_at IS NULL;
CREATE INDEX ix_shipments_number ON shipments (shop_id, tracking_no);
CREATE INDEX ix_shipments_order_id ON shipments (order_id);
CREATE INDEX ix_shipments_scanned ON shipments (shop_id, last_at, id) WHERE ended_at IS NULL AND last_at IS NOT NULL;
CREATE INDEX ix_shipments_track_id ON shipments (track_id);
CREATE INDEX ix_shipments_under_way ON shipments (shop_id, since_at, id) WHERE ended_at IS NULL;
CREATE INDEX ix_trace_files_shop ON trace_files (shop_id, id);
CREATE INDEX ix_orders_unfollowed ON orders (id) WHERE status = 'in_transit' AND tracking_text <> followed_text;
CREATE INDEX ix_orders_shop_status ON orders (shop_id, status, ordered_at, id);
CREATE INDEX ix_cancellations_user_id ON cancellations (user_id);
COMMIT;
