"""Tests of the recorder of a workstation."""
