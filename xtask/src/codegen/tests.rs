//! The distiller and the committed models.
