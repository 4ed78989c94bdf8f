-- Each text that somebody has agreed to stays readable under its version.
CREATE TABLE consent_texts (
    text_version text PRIMARY KEY,
    text text NOT NULL
);
INSERT INTO consent_texts (text_version, text) VALUES (
    '2026-11',
    'Я согласен (согласна) на обработку персональных данных ребёнка и моих: фамилии, имени,'
    || ' отчества, даты рождения, сведений о зачислении — для получения и учёта сертификата'
    || ' дополнительного образования. Согласие действует до его отзыва. Отозвать его можно здесь же'
    || ' или письменно в уполномоченной организации.'
);
