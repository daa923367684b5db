"""Room: web. The pages and the API: Flask application factory, one file a page, one a group of calls. Never a query."""
