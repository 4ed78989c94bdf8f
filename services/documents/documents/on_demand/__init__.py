"""Documents that are drawn when somebody asks: the certificate image, the application, the act."""
