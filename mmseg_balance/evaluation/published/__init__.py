"""What the papers report, row by row, and the config of each row.

Tables carry a letter for their paper:

- B: "Balanced Learning for Domain Adaptive Semantic Segmentation" (BLDA, ICML
  2025).
- G: "Gradient-based Class Weighting for Unsupervised Domain Adaptation in
  Dense Prediction Visual Tasks" (GBW, 2024).
- P: "Synthetic to Realistic Imbalanced Domain Adaption for Urban Scene
  Perception" (PHFA, TII 2022).

A file for each kind of tables; ``rows`` has all of them.
"""
