-- Documents by their state, as a metric.
SELECT count_by('credentials', 'state');
