"""The figures that ./dev bench prints: one file per case, one table for all."""
