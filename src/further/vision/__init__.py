"""Boxes, masks and instances in pictures: networks that find objects and say where they are."""
