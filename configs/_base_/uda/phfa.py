# PHFA with the classes of Cityscapes.
_base_ = './no_teacher.py'
uda_model = dict(
    type='PHFA',
    feature_alignment=dict(
        # road, sidewalk, building, wall, fence, vegetation, terrain, sky
        stuff_classes=[0, 1, 2, 3, 4, 8, 9, 10],
        # pole, traffic light, traffic sign, and all from person on
        thing_classes=[5, 6, 7, 11, 12, 13, 14, 15, 16, 17, 18],
    ),
)
